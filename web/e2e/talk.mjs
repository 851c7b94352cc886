/* What a program says in a conversation, as a visitor or an agent. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

export class Talk {
  #origin;
  #token;

  constructor(origin, token, conversation) {
    this.#origin = origin;
    this.#token = token;
    this.conversation = conversation;
  }

  /** A visitor without a browser. */
  static async asVisitor(origin, inbox, visitor) {
    const body = { inbox, visitor };
    const session = await request(origin, 'POST', 'widget/sessions', null, body);
    return new Talk(origin, session.token, session.conversation_id);
  }

  /** Signs an agent in beside its browser. */
  static async asAgent(origin, { email, password }, conversation) {
    const { token } = await request(origin, 'POST', 'auth/login', null, { email, password });
    return new Talk(origin, token, conversation);
  }

  /** A request of REST; one that comes too soon waits as it is told to. */
  call(method, path, body) {
    return request(this.#origin, method, path, this.#token, body);
  }

  /** Sends a message; resolves to its `seq`. */
  async say(message) {
    const path = `conversations/${this.conversation}/messages`;
    const body = { client_id: randomUUID(), kind: 'text', text: '', ...message };
    return (await this.call('POST', path, body)).seq;
  }

  async upload(name, type, bytes) {
    const form = new FormData();
    form.append('file', new File([bytes], name, { type }));
    return this.call('POST', `conversations/${this.conversation}/files`, form);
  }

  /** Uploads a file and sends it; resolves to the message's `seq`. */
  async sendFile(name, type, bytes, data = {}) {
    const { id, kind } = await this.upload(name, type, bytes);
    return this.say({ kind, data: { file_id: id, ...data } });
  }

  edit(seq, text) {
    return this.call('PATCH', `conversations/${this.conversation}/messages/${seq}`, { text });
  }

  recall(seq) {
    return this.call('DELETE', `conversations/${this.conversation}/messages/${seq}`);
  }
}

async function request(origin, method, path, token, body) {
  const isForm = body instanceof FormData;
  const response = await fetch(`${origin}/api/v1/${path}`, {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && !isForm && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  if (response.status === 429) {
    await new Promise((done) => setTimeout(done, JSON.parse(text).retry_after_ms));
    return request(origin, method, path, token, body);
  }
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}
