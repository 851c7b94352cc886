import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

/** What happens beside the browsers: agents and visitors over REST. */
export class Rest {
  #server;

  constructor(server) {
    this.#server = server;
  }

  async call(method, path, token, body, expected = [200, 201, 204]) {
    const answer = await fetch(`${this.#server.origin}/api/v1/${path}`, {
      method,
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    assert.ok(expected.includes(answer.status), `${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  /** An agent who is signed in: its token, and itself. */
  async signIn({ email, password }) {
    const { token, agent } = await this.call('POST', 'auth/login', undefined, { email, password });
    return { token, ...agent };
  }

  /** Makes an agent, by the token of an administrator; returns what it signs in with. */
  async makeAgent(admin, name, role, capacity = 8) {
    const email = `${role}-${randomUUID().slice(0, 8)}@demo.kefu.invalid`;
    const password = `pass-${randomUUID()}`;
    const body = { name, email, password, role, capacity };
    const { id } = await this.call('POST', 'agents', admin, body);
    return { id, name, email, password };
  }

  /** A visitor who has written: its token and the conversation. */
  async visit(name, text, inbox = 'web') {
    const body = { inbox, visitor: { name } };
    const session = await this.call('POST', 'widget/sessions', undefined, body);
    const visitor = { token: session.token, conversation: session.conversation_id };
    await this.say(visitor.token, visitor.conversation, text);
    return visitor;
  }

  say(token, conversation, text) {
    const body = { client_id: randomUUID(), kind: 'text', text };
    return this.call('POST', `conversations/${conversation}/messages`, token, body);
  }

  act(token, conversation, action, body = {}) {
    return this.call('POST', `conversations/${conversation}/${action}`, token, body);
  }

  /** From the first word to the end, and perhaps a rating. */
  async talk(agent, name, { score, inbox = 'web' } = {}) {
    const visitor = await this.visit(name, `${name}: one question`, inbox);
    await this.act(agent.token, visitor.conversation, 'takeover');
    await this.say(agent.token, visitor.conversation, `${name}: one answer`);
    await this.act(agent.token, visitor.conversation, 'resolve');
    if (score) {
      await this.act(visitor.token, visitor.conversation, 'rating', { score, comment: '' });
    }
    return visitor;
  }
}

/** Opens a page of the console in a language and theme. */
export async function openPage(agent, hash, { locale, theme = 'light' }) {
  await agent.page.evaluate(
    ([language, colours]) => {
      localStorage.setItem('kefu-console-locale', language);
      localStorage.setItem('kefu-console-theme', colours);
    },
    [locale, theme],
  );
  await agent.page.goto(`${agent.server.origin}/console/${hash}`);
  await agent.page.reload();
}
