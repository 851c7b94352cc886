import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../api';
import { CLOSE } from '../connection';
import type { OutboxEntry, OutboxStore } from '../outbox';
import type { UploadedFile } from '../types';
import { Uploading } from '../uploading';
import type { UploadEntry, UploadOptions } from '../uploads';
import { CONVERSATION, type FakeConnection, harness, message } from './fakes';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const photo = {
  kind: 'file',
  text: '',
  file: { blob: new Blob(['pixels']), name: 'cat.png', media_type: 'image/png' },
} as const;

function uploadedFile(id: string): UploadedFile {
  return {
    id,
    conversation_id: CONVERSATION,
    name: 'cat.png',
    size: 6,
    media_type: 'image/png',
    kind: 'image',
    width: 4,
    height: 3,
    url: `/files/${id}/cat.png`,
    created_at: '2026-01-01T00:00:00.000Z',
  };
}

interface Attempt extends UploadOptions {
  entry: OutboxEntry;
  done(id: string): void;
  fail(error: Error): void;
}

function uploads() {
  const attempts: Attempt[] = [];
  const upload: UploadEntry = (entry, options) =>
    new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(error);
      options.signal?.addEventListener('abort', () => fail(new ApiError(0, 'network', 'aborted')));
      attempts.push({ entry, ...options, done: (id) => resolve(uploadedFile(id)), fail });
    });
  return { attempts, upload };
}

function keeping(): OutboxStore & { kept: Map<string, OutboxEntry> } {
  const kept = new Map<string, OutboxEntry>();
  return {
    kept,
    load: () => Promise.resolve([...kept.values()]),
    put: (entry) => Promise.resolve(void kept.set(entry.client_id, entry)),
    remove: (id) => Promise.resolve(void kept.delete(id)),
  };
}

async function online(store: OutboxStore = keeping()) {
  const { attempts, upload } = uploads();
  const run = harness({ store, uploads: (events, random) => new Uploading(upload, events, random), prepare: (client) => client.restore() });
  run.client.setPosition(CONVERSATION, 0);
  await run.client.start();
  run.connection.welcome(0);
  return { ...run, attempts, run, send: () => run.client.send(CONVERSATION, photo) };
}

const soon = () => vi.advanceTimersByTimeAsync(0);
const later = () => vi.advanceTimersByTimeAsync(2_000);

function ack(connection: FakeConnection, client_id: string, seq: number): void {
  const at = { id: `m${seq}`, created_at: '2026-01-01T00:00:00.000Z' };
  connection.say({
    type: 'ack',
    client_id,
    conversation_id: CONVERSATION,
    seq,
    prev_seq: seq - 1,
    ...at,
  });
}

describe('a message with a file', () => {
  it('is uploaded, then sent as what the upload says it is', async () => {
    const { run, told, attempts, send } = await online();
    const entry = send();
    expect(run.connection.of('send')).toEqual([]);
    attempts[0]!.progress?.(0.5);
    attempts[0]!.done('f1');
    await soon();
    expect(told.progress).toEqual([
      [entry.client_id, 0],
      [entry.client_id, 0.5],
      [entry.client_id, null],
    ]);
    expect(run.connection.of('send')).toMatchObject([
      { client_id: entry.client_id, kind: 'image', data: { file_id: 'f1' } },
    ]);
    expect(run.connection.of('send')[0]?.data).toEqual({ file_id: 'f1' });
    ack(run.connection, entry.client_id, 1);
    expect(told.outbox).toEqual([]);
    expect(told.messages[0]).toMatchObject({
      kind: 'image',
      data: { file_id: 'f1', width: 4, url: '/files/f1/cat.png' },
    });
  });

  it('keeps its place: what is written after it waits, other conversations do not', async () => {
    const { run, client, attempts, send } = await online();
    send();
    client.send(CONVERSATION, { kind: 'text', text: 'the caption' });
    client.send('conv-2', { kind: 'text', text: 'elsewhere' });
    expect(run.connection.of('send').map((frame) => frame.text)).toEqual(['elsewhere']);
    attempts[0]!.done('f1');
    await soon();
    const [, image] = run.connection.of('send');
    expect(image?.kind).toBe('image');
    ack(run.connection, image!.client_id, 1);
    expect(run.connection.of('send').at(-1)?.text).toBe('the caption');
  });

  it('is uploaded once although the connection breaks meanwhile', async () => {
    const { run, attempts, send } = await online();
    const entry = send();
    run.connection.end(CLOSE.abnormal);
    await later();
    run.connection.welcome(0);
    expect(attempts).toHaveLength(1);
    expect(run.told.outbox[0]?.state).toBe('sending');
    attempts[0]!.done('f1');
    await soon();
    expect(run.connection.of('send').map((frame) => frame.client_id)).toEqual([entry.client_id]);
  });

  it('is sent after the reconnect when its upload ends before it', async () => {
    const { run, attempts, send } = await online();
    send();
    run.connection.end(CLOSE.abnormal);
    attempts[0]!.done('f1');
    await later();
    run.connection.welcome(0);
    expect(attempts).toHaveLength(1);
    expect(run.connection.of('send')[0]?.data).toEqual({ file_id: 'f1' });
  });

  it('is tried again when the network fails, sooner when the connection is back', async () => {
    const { run, attempts, send } = await online();
    const entry = send();
    attempts[0]!.fail(new ApiError(0, 'network', 'no answer'));
    await soon();
    expect(attempts).toHaveLength(1);
    await later();
    expect(attempts).toHaveLength(2);
    attempts[1]!.fail(new ApiError(503, 'unavailable', 'no room', null, 60_000));
    await later();
    expect(attempts).toHaveLength(2);
    run.connection.end(CLOSE.abnormal);
    await later();
    run.connection.welcome(0);
    expect(attempts.map((each) => each.entry.client_id)).toEqual(Array(3).fill(entry.client_id));
  });

  it('fails when its file is refused, and lets the others pass; a retry uploads anew', async () => {
    const { run, client, told, attempts, send } = await online();
    const entry = send();
    client.send(CONVERSATION, { kind: 'text', text: 'after it' });
    attempts[0]!.fail(new ApiError(413, 'too_large', 'too large', 'file'));
    await soon();
    expect(told.outbox[0]).toMatchObject({ state: 'failed', error: 'too_large' });
    expect(run.connection.of('send').map((frame) => frame.text)).toEqual(['after it']);
    ack(run.connection, told.outbox[1]!.client_id, 1);
    client.resend(entry.client_id);
    expect(attempts).toHaveLength(2);
    attempts[1]!.done('f2');
    await soon();
    expect(run.connection.of('send').at(-1)?.client_id).toBe(entry.client_id);
  });

  it('is given up by a discard, which ends the upload', async () => {
    const store = keeping();
    const { run, client, told, attempts, send } = await online(store);
    const entry = send();
    client.send(CONVERSATION, { kind: 'text', text: 'after it' });
    client.discard(entry.client_id);
    expect(attempts[0]?.signal?.aborted).toBe(true);
    await later();
    expect(run.connection.of('send').map((frame) => frame.text)).toEqual(['after it']);
    expect(told.outbox.map((each) => each.text)).toEqual(['after it']);
    expect([...store.kept.values()].map((each) => each.text)).toEqual(['after it']);
    expect(attempts).toHaveLength(1);
  });

  it('given up while its upload is being written down leaves nothing behind', async () => {
    const store = keeping();
    const { run, client, told, attempts, send } = await online(store);
    const entry = send();
    const put = store.put;
    store.put = async (each) => {
      client.discard(each.client_id);
      await put(each);
    };
    attempts[0]!.done('f1');
    await soon();
    expect(run.connection.of('send')).toEqual([]);
    expect(told.outbox).toEqual([]);
    expect(store.kept.has(entry.client_id)).toBe(false);
  });

  it('cannot be given up once it is sent', async () => {
    const { client, told, attempts, send } = await online();
    const entry = send();
    attempts[0]!.done('f1');
    await soon();
    client.discard(entry.client_id);
    expect(told.outbox).toHaveLength(1);
  });

  it('is uploaded anew when the server has forgotten the file, once', async () => {
    const { run, told, attempts, send } = await online();
    const entry = send();
    attempts[0]!.done('f1');
    await soon();
    const refuse = () =>
      run.connection.say({
        type: 'error',
        client_id: entry.client_id,
        code: 'bad_frame',
        field: 'data.file_id',
        message: 'no such file',
      });
    refuse();
    expect(attempts).toHaveLength(2);
    attempts[1]!.done('f2');
    await soon();
    expect(run.connection.of('send').at(-1)).toMatchObject({
      client_id: entry.client_id,
      data: { file_id: 'f2' },
    });
    refuse();
    expect(told.outbox[0]).toMatchObject({ state: 'failed', error: 'bad_frame' });
    expect(attempts).toHaveLength(2);
  });

  it('chosen offline is sent by the next page, under the same client_id', async () => {
    const store = keeping();
    const entry = harness({ store }).client.send(CONVERSATION, photo);
    const { run, attempts } = await online(store);
    expect(attempts[0]?.entry.file?.name).toBe('cat.png');
    attempts[0]!.done('f1');
    await soon();
    expect(run.connection.of('send')[0]?.client_id).toBe(entry.client_id);
  });

  it('that was uploaded is not uploaded again by the next page', async () => {
    const store = keeping();
    const first = await online(store);
    first.send();
    first.attempts[0]!.done('f1');
    await soon();
    first.client.stop();
    const second = await online(store);
    expect(second.attempts).toEqual([]);
    expect(second.run.connection.of('send')[0]?.data).toEqual({ file_id: 'f1' });
  });

  it('is not sent before it is written down which upload it is sent with', async () => {
    const store = keeping();
    const { run, attempts, send } = await online(store);
    send();
    let written = () => undefined as void;
    store.put = () => new Promise((resolve) => (written = resolve));
    attempts[0]!.done('f1');
    await soon();
    expect(run.connection.of('send')).toEqual([]);
    run.connection.end(CLOSE.abnormal);
    await later();
    run.connection.welcome(0);
    expect(attempts).toHaveLength(1);
    written();
    await soon();
    expect(run.connection.of('send')).toHaveLength(1);
  });

  it('that another page has sent ends the upload', async () => {
    const { run, told, attempts, send } = await online();
    const entry = send();
    run.connection.say(message(1, { client_id: entry.client_id, kind: 'image' }));
    expect(attempts[0]?.signal?.aborted).toBe(true);
    expect(told.outbox).toEqual([]);
    await later();
    expect(attempts).toHaveLength(1);
  });

  it('ends its upload with the client', async () => {
    const { client, attempts, send } = await online();
    send();
    client.stop();
    expect(attempts[0]?.signal?.aborted).toBe(true);
    await later();
    expect(attempts).toHaveLength(1);
  });
});
