/* Visitors without a browser: what their widget would ask of the server, asked directly. */
import { randomUUID } from 'node:crypto';

export class Caller {
  #server;
  #token;

  /** `visitor` is what the host page would say of it. */
  static async arrive(server, visitor = {}, inbox = 'web') {
    const caller = new Caller();
    caller.#server = server;
    const session = await caller.#ask('POST', 'widget/sessions', { inbox, visitor });
    caller.#token = session.token;
    caller.id = session.visitor_id;
    caller.conversation = session.conversation_id;
    return caller;
  }

  say(text) {
    const body = { client_id: randomUUID(), kind: 'text', text };
    return this.#ask('POST', `conversations/${this.conversation}/messages`, body);
  }

  looksAt(url, title, referrer = '') {
    return this.#ask('POST', 'widget/pages', { url, title, referrer });
  }

  /** The ticket that it becomes. */
  leaves(text, contact) {
    const body = { client_id: randomUUID(), text, ...contact };
    return this.#ask('POST', 'widget/offline-messages', body);
  }

  async #ask(method, path, body) {
    const answer = await fetch(`${this.#server.origin}/api/v1/${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(this.#token && { authorization: `Bearer ${this.#token}` }),
      },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }
}

/** REST in the name of a signed-in agent. */
export function rest(agent, method, path, body) {
  return agent.page.evaluate(
    async ([method, path, body]) => {
      const answer = await fetch(`/api/v1/${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        body: body === undefined ? null : JSON.stringify(body),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return text ? JSON.parse(text) : null;
    },
    [method, path, body],
  );
}
