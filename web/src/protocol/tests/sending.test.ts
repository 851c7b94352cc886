import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../api';
import { CLOSE } from '../connection';
import type { OutboxEntry, OutboxStore } from '../outbox';
import { CONVERSATION, type FakeConnection, harness, message } from './fakes';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const retry = () => vi.advanceTimersByTimeAsync(1_000);

async function online(lastSeq = 0, store?: OutboxStore) {
  const run = harness(store ? { store, prepare: (client) => client.restore() } : {});
  run.client.setPosition(CONVERSATION, lastSeq);
  await run.client.start();
  run.connection.welcome(lastSeq);
  return run;
}

function ack(connection: FakeConnection, client_id: string, seq: number, prev_seq?: number): void {
  connection.say({
    type: 'ack',
    client_id,
    conversation_id: CONVERSATION,
    seq,
    ...(prev_seq === undefined ? {} : { prev_seq }),
    id: `m${seq}`,
    created_at: '2026-01-01T00:00:00.000Z',
  });
}

const texts = (connection: FakeConnection) => connection.of('send').map((frame) => frame.text);

describe('sending', () => {
  it('is in order, one at a time, each after the acknowledgement of the one before', async () => {
    const run = await online();
    const sent = ['a', 'b', 'c'].map((text) => run.client.send(CONVERSATION, { kind: 'text', text }));
    expect(texts(run.connection)).toEqual(['a']);
    ack(run.connection, sent[0]!.client_id, 1, 0);
    expect(texts(run.connection)).toEqual(['a', 'b']);
    ack(run.connection, sent[1]!.client_id, 2, 1);
    ack(run.connection, sent[2]!.client_id, 3, 2);
    expect(run.told.messages.map((each) => each.text)).toEqual(['a', 'b', 'c']);
    expect(run.told.messages[0]?.from.id).toBe('me');
    expect(run.told.outbox).toEqual([]);
  });

  it('repeats with the same client_id after a reconnect, still in order', async () => {
    const run = await online();
    const first = run.client.send(CONVERSATION, { kind: 'text', text: 'a' });
    run.client.send(CONVERSATION, { kind: 'text', text: 'b' });
    run.connection.end(CLOSE.abnormal);
    expect(run.told.outbox.map((entry) => entry.state)).toEqual(['queued', 'queued']);
    await retry();
    run.connection.welcome(0);
    expect(run.connection.of('send').map((frame) => frame.client_id)).toEqual([first.client_id]);
    ack(run.connection, first.client_id, 1, 0);
    expect(texts(run.connection)).toEqual(['a', 'b']);
  });

  it('what a replay brings back is not sent again', async () => {
    const run = await online();
    const entry = run.client.send(CONVERSATION, { kind: 'text', text: 'a' });
    run.connection.end(CLOSE.abnormal);
    await retry();
    run.connection.greet(1);
    run.connection.say(message(1, { client_id: entry.client_id }));
    run.connection.say({ type: 'resumed' });
    expect(texts(run.connection)).toEqual([]);
    expect(run.told.outbox).toEqual([]);
    expect(run.seqs()).toEqual([1]);
  });

  it('an acknowledged repeat is fetched if it was not seen', async () => {
    const run = await online();
    const entry = run.client.send(CONVERSATION, { kind: 'text', text: 'a' });
    ack(run.connection, entry.client_id, 4);
    expect(run.told.messages).toEqual([]);
    expect(run.told.behind).toEqual([CONVERSATION]);
    expect(run.told.outbox).toEqual([]);
  });

  it('an acknowledgement takes its place in the order', async () => {
    const run = await online(2);
    const entry = run.client.send(CONVERSATION, { kind: 'text', text: 'a' });
    ack(run.connection, entry.client_id, 5, 4);
    expect(run.told.messages).toEqual([]);
    expect(run.connection.closed).toBe(true);
    await retry();
    run.connection.greet(5);
    for (const seq of [3, 4]) run.connection.say(message(seq));
    run.connection.say(message(5, { client_id: entry.client_id }));
    run.connection.say({ type: 'resumed' });
    expect(run.seqs()).toEqual([3, 4, 5]);
  });

  it('an overdue acknowledgement ends the connection', async () => {
    const run = await online();
    run.client.send(CONVERSATION, { kind: 'text', text: 'a' });
    await vi.advanceTimersByTimeAsync(20_000);
    expect(run.connections[0]?.closed).toBe(true);
  });

  it('rests as long as a rate limit asks, and says so', async () => {
    const run = await online();
    const entry = run.client.send(CONVERSATION, { kind: 'text', text: 'a' });
    run.connection.say({
      type: 'error',
      client_id: entry.client_id,
      code: 'rate_limited',
      message: 'slow down',
      retry_after_ms: 4_000,
    });
    expect(run.told.limited).toEqual([Date.now() + 4_000]);
    run.client.send(CONVERSATION, { kind: 'text', text: 'b' });
    await vi.advanceTimersByTimeAsync(3_900);
    expect(texts(run.connection)).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(200);
    expect(texts(run.connection)).toEqual(['a', 'a']);
    expect(run.connection.of('send')[1]?.client_id).toBe(entry.client_id);
  });

  it('a refusal fails that message alone, and a retry keeps its client_id', async () => {
    const run = await online();
    const entry = run.client.send(CONVERSATION, { kind: 'text', text: 'a' });
    run.client.send(CONVERSATION, { kind: 'text', text: 'b' });
    run.connection.say({
      type: 'error',
      client_id: entry.client_id,
      code: 'too_large',
      message: 'too large',
    });
    expect(run.told.outbox[0]).toMatchObject({ state: 'failed', error: 'too_large' });
    expect(texts(run.connection)).toEqual(['a', 'b']);
    ack(run.connection, run.told.outbox[1]!.client_id, 1, 0);
    run.client.resend(entry.client_id);
    expect(run.connection.of('send')[2]?.client_id).toBe(entry.client_id);
    expect(run.told.outbox[0]?.error).toBeUndefined();
  });
});

describe('a kept outbox', () => {
  function keeping(entries: OutboxEntry[] = []): OutboxStore & { kept: Map<string, OutboxEntry> } {
    const kept = new Map(entries.map((entry) => [entry.client_id, entry]));
    return {
      kept,
      load: () => Promise.resolve([...kept.values()]),
      put: (entry) => Promise.resolve(void kept.set(entry.client_id, entry)),
      remove: (id) => Promise.resolve(void kept.delete(id)),
    };
  }

  it('is sent by the next page with the same client_id, in the old order', async () => {
    const store = keeping();
    const before = harness({ store });
    const first = before.client.send(CONVERSATION, { kind: 'text', text: 'a' });
    const second = before.client.send(CONVERSATION, { kind: 'text', text: 'b' });
    expect(store.kept.size).toBe(2);

    const after = await online(0, store);
    after.client.send(CONVERSATION, { kind: 'text', text: 'c' });
    for (const [entry, seq] of [
      [first, 1],
      [second, 2],
    ] as const) {
      expect(after.connection.of('send').at(-1)?.client_id).toBe(entry.client_id);
      ack(after.connection, entry.client_id, seq, seq - 1);
    }
    expect(texts(after.connection)).toEqual(['a', 'b', 'c']);
    expect(store.kept.size).toBe(1);
  });

  it('is settled by a page that shows it has arrived', async () => {
    const store = keeping();
    const entry = harness({ store }).client.send(CONVERSATION, { kind: 'text', text: 'a' });
    const after = harness({
      store,
      prepare: async (client) => {
        await client.restore();
        client.settle([message(1, { client_id: entry.client_id })]);
      },
    });
    await after.client.start();
    after.connection.welcome(1);
    expect(texts(after.connection)).toEqual([]);
    expect(store.kept.size).toBe(0);
  });

  it('a store that fails leaves the copy in memory', async () => {
    const broken: OutboxStore = {
      load: () => Promise.reject(new Error('refused')),
      put: () => Promise.reject(new Error('refused')),
      remove: () => Promise.reject(new Error('refused')),
    };
    const run = await online(0, broken);
    run.client.send(CONVERSATION, { kind: 'text', text: 'a' });
    expect(texts(run.connection)).toEqual(['a']);
  });
});

describe('hurrying', () => {
  const me = { kind: 'visitor' as const, id: 'me', name: '' };
  type Sent = Parameters<ReturnType<typeof harness>['client']['hurry']>[1];

  /** A client that has just got its conversation, and whose socket is not open yet. */
  async function hurried(post: Sent) {
    const run = harness({
      prepare: (client) => {
        client.setPosition(CONVERSATION, 0);
        client.hurry(me, post);
        return Promise.resolve();
      },
    });
    const entry = run.client.send(CONVERSATION, { kind: 'text', text: 'a' });
    const started = run.client.start();
    await vi.advanceTimersByTimeAsync(500);
    await started;
    return { run, entry };
  }
  const done = { seq: 1, id: 'm1', created_at: '2026-01-01T00:00:00.000Z' };

  it('posts what is written before the socket is there, and resumes after it', async () => {
    const post = vi.fn<Sent>(() => Promise.resolve(done));
    const { run, entry } = await hurried(post);
    expect(post.mock.calls.map(([frame]) => frame.client_id)).toEqual([entry.client_id]);
    expect(run.told.messages).toMatchObject([{ seq: 1, prev_seq: 0, from: me, text: 'a' }]);
    expect(run.told.outbox).toEqual([]);
    run.connection.greet(2);
    expect(run.connection.of('resume')[0]?.positions).toEqual([
      { conversation_id: CONVERSATION, seq: 1 },
    ]);
    run.connection.say(message(2));
    run.connection.say({ type: 'resumed' });
    expect(run.seqs()).toEqual([1, 2]);
    expect(texts(run.connection)).toEqual([]);
    run.client.send(CONVERSATION, { kind: 'text', text: 'b' });
    expect(texts(run.connection)).toEqual(['b']);
    expect(post).toHaveBeenCalledTimes(1);
  });

  it('opens no socket beside a post that is still to be answered', async () => {
    let answer = (_: typeof done) => undefined as void;
    const run = harness({
      prepare: (client) => {
        client.setPosition(CONVERSATION, 0);
        client.hurry(me, () => new Promise((resolve) => (answer = resolve)));
        return Promise.resolve();
      },
    });
    run.client.send(CONVERSATION, { kind: 'text', text: 'a' });
    const started = run.client.start();
    await vi.advanceTimersByTimeAsync(100);
    expect(run.connections).toHaveLength(0);
    answer(done);
    await started;
    expect(run.connections).toHaveLength(1);
  });

  it('takes it once when the socket brings it before the answer', async () => {
    let answer = (_: typeof done) => undefined as void;
    const { run, entry } = await hurried(() => new Promise((resolve) => (answer = resolve)));
    // An answer that is late holds no socket back.
    run.connection.greet(1);
    run.connection.say(message(1, { client_id: entry.client_id, from: me }));
    run.connection.say({ type: 'resumed' });
    answer(done);
    await vi.advanceTimersByTimeAsync(0);
    expect(run.seqs()).toEqual([1]);
    expect(run.told.behind).toEqual([]);
    expect(texts(run.connection)).toEqual([]);
  });

  it('fetches what came between', async () => {
    const { run } = await hurried(() => Promise.resolve({ ...done, seq: 3 }));
    await vi.advanceTimersByTimeAsync(0);
    expect(run.told.behind).toEqual([CONVERSATION]);
    expect(run.told.outbox).toEqual([]);
  });

  it('sends over the socket, under the same client_id, what did not get through', async () => {
    const { run, entry } = await hurried(() => Promise.reject(new ApiError(0, 'network', '')));
    await vi.advanceTimersByTimeAsync(0);
    expect(run.told.outbox.map(({ state }) => state)).toEqual(['queued']);
    run.connection.welcome(0);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(run.connection.of('send').map(({ client_id }) => client_id)).toEqual([entry.client_id]);
  });

  it('says what was refused', async () => {
    const { run } = await hurried(() => Promise.reject(new ApiError(422, 'rejected', 'no', 'text')));
    await vi.advanceTimersByTimeAsync(0);
    expect(run.told.outbox).toMatchObject([{ state: 'failed', error: 'rejected' }]);
  });
});
