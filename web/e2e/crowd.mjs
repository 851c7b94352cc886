import { randomUUID } from 'node:crypto';

/** Visitors without browsers, by the public API. */
export class Crowd {
  #server;
  visitors = [];

  constructor(server) {
    this.#server = server;
  }

  /** Somebody new, who says `text`. */
  async arrive(name, text, inbox = 'web') {
    const { token, conversation_id } = await this.#post('widget/sessions', null, {
      inbox,
      visitor: { name },
    });
    const visitor = { name, token, conversation: conversation_id };
    this.visitors.push(visitor);
    await this.say(visitor, text);
    return visitor;
  }

  async say({ token, conversation }, text) {
    const body = { client_id: randomUUID(), kind: 'text', text };
    await this.#post(`conversations/${conversation}/messages`, token, body);
  }

  async #post(path, token, body) {
    const answer = await fetch(`${this.#server.origin}/api/v1/${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
    });
    if (answer.status === 429) {
      const { retry_after_ms } = await answer.json();
      await new Promise((done) => setTimeout(done, retry_after_ms));
      return this.#post(path, token, body);
    }
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
}

/** A request with the session of an agent's page; resolves to the answer's body. */
export async function ask(agent, method, path, body) {
  const { status, text } = await agent.page.evaluate(
    async ([method, path, body]) => {
      const answer = await fetch(new URL(`../api/v1/${path}`, location.href), {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      });
      return { status: answer.status, text: await answer.text() };
    },
    [method, path, body],
  );
  if (status >= 400) throw new Error(`${method} ${path}: ${status} ${text}`);
  return text ? JSON.parse(text) : null;
}
