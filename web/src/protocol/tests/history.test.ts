import { expect, it, vi } from 'vitest';
import { Api, ApiError } from '../api';
import { History } from '../history';
import type { Message, Page } from '../types';
import { CONVERSATION, harness, message } from './fakes';
import { eventually } from './patience';

const LIMIT = 50;

/** A server that holds a log; `seqs` are those that the reader may see. */
function serving(seqs: number[]) {
  const log = seqs.map((seq, index): Message => message(seq, { prev_seq: seqs[index - 1] ?? 0 }));
  const api = new Api(new URL('http://kefu.invalid/'));
  api.messages = (_, { after_seq, before_seq, limit = LIMIT } = {}) => {
    let page: Page<Message>;
    if (after_seq !== undefined) {
      const later = log.filter((each) => each.seq > after_seq);
      page = { items: later.slice(0, limit), has_more: later.length > limit };
    } else {
      const earlier = log.filter((each) => each.seq < (before_seq ?? Infinity));
      page = { items: earlier.slice(-limit), has_more: earlier.length > limit };
    }
    return Promise.resolve(page);
  };
  return { api, log };
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

it('loads the newest page, then earlier ones, and holds the position', async () => {
  const { api } = serving(range(1, 120));
  const { client } = harness();
  const history = new History(api, CONVERSATION, () => undefined);
  await history.load(client);
  expect(history.state.items.map((each) => each.seq)).toEqual(range(71, 120));
  expect(client.position(CONVERSATION)).toBe(120);
  await history.loadOlder();
  await history.loadOlder();
  expect(history.state.items.map((each) => each.seq)).toEqual(range(1, 120));
  expect(history.state.hasOlder).toBe(false);
});

it('fetches what lies between a page and what came live meanwhile', async () => {
  const { api, log } = serving(range(1, 20));
  const { client } = harness();
  const history = new History(api, CONVERSATION, () => undefined);
  await history.load(client);
  log.push(...range(21, 30).map((seq) => message(seq)));
  history.add(message(30));
  await history.fill(client);
  expect(history.state.items.map((each) => each.seq)).toEqual(range(1, 30));
  expect(client.position(CONVERSATION)).toBe(30);
});

it('entries that this reader may not see are no hole', async () => {
  const { api } = serving([1, 2, 5, 9]);
  const { client } = harness();
  const history = new History(api, CONVERSATION, () => undefined);
  await history.load(client);
  await history.fill(client);
  expect(history.state.items.map((each) => each.seq)).toEqual([1, 2, 5, 9]);
});

/** A loaded history, and what happens to its log afterwards. */
async function loaded(seqs: number[]) {
  const server = serving(seqs);
  const { client } = harness();
  const history = new History(server.api, CONVERSATION, () => undefined);
  await history.load(client);
  const change = (seq: number, over: Partial<Message>) => {
    const at = server.log.findIndex((each) => each.seq === seq);
    server.log[at] = { ...server.log[at]!, ...over };
  };
  const tell = (seq: number, event: Message['event'], kind: Message['kind'] = 'event') => {
    const told = message(seq, { kind, text: 'fallback', ...(event && { event }) });
    server.log.push(told);
    history.add(told);
  };
  return { ...server, client, history, change, tell };
}

it('an edit and a recall show at once', async () => {
  const { history, change, tell } = await loaded(range(1, 3));
  change(2, { text: 'better', revision: 'edited' });
  tell(4, { code: 'edited', seq: 2 });
  await eventually(() => expect(history.state.items[1]?.text).toBe('better'));
  change(3, { text: '', revision: 'recalled' });
  tell(5, { code: 'recalled', seq: 3 });
  await eventually(() => expect(history.state.items[2]?.revision).toBe('recalled'));
  expect(history.state.items.map((each) => each.seq)).toEqual(range(1, 5));
});

it('a note tells of the change of another note', async () => {
  const { history, change, tell } = await loaded(range(1, 2));
  change(2, { text: 'second thought', revision: 'edited' });
  tell(3, { code: 'edited', seq: 2 }, 'note');
  await eventually(() => expect(history.state.items[1]?.text).toBe('second thought'));
});

it('a change that cannot be read now is read later', async () => {
  vi.useFakeTimers();
  try {
    const { api, history, change, tell } = await loaded(range(1, 2));
    const messages = api.messages;
    api.messages = () => Promise.reject(new ApiError(0, 'network', 'no answer'));
    change(2, { text: 'better', revision: 'edited' });
    tell(3, { code: 'edited', seq: 2 });
    await vi.advanceTimersByTimeAsync(500);
    expect(history.state.items[1]?.text).toBe('text 2');
    api.messages = messages;
    await vi.advanceTimersByTimeAsync(3_000);
    expect(history.state.items[1]?.text).toBe('better');
  } finally {
    vi.useRealTimers();
  }
});

it('a change that is missed on a page that was under way is read', async () => {
  const { api, log } = serving(range(1, 3));
  const { client } = harness();
  const history = new History(api, CONVERSATION, () => undefined);
  const loading = history.load(client);
  log[1] = { ...log[1]!, text: 'better', revision: 'edited' };
  const told = message(4, { kind: 'event', event: { code: 'edited', seq: 2 } });
  log.push(told);
  history.add(told);
  await loading;
  await eventually(() => expect(history.state.items[1]?.text).toBe('better'));
});

it('an edit that a reconnect brings with a page is read', async () => {
  const { client, history, log, change } = await loaded(range(1, 3));
  change(1, { text: 'better', revision: 'edited' });
  log.push(message(4, { kind: 'event', event: { code: 'edited', seq: 1 } }), message(5));
  await history.fill(client);
  await eventually(() => expect(history.state.items[0]?.text).toBe('better'));
});

it('forgets what was erased, and holds what is left of it', async () => {
  const { history, log, tell } = await loaded(range(1, 80));
  await history.loadOlder();
  expect(history.state.items).toHaveLength(80);
  log.splice(0, 80, ...log.map((each) => ({ ...each, text: '', revision: 'erased' as const })));
  tell(81, { code: 'erased' });
  expect(history.state.items.map((each) => each.seq)).toEqual([81]);
  await eventually(() => expect(history.state.items).toHaveLength(50));
  expect(history.state.items.filter((each) => each.text.startsWith('text'))).toEqual([]);
  expect(history.state.hasOlder).toBe(true);
  await history.loadOlder();
  expect(history.state.items.map((each) => each.seq)).toEqual(range(1, 81));
});

it('reaches an earlier entry through as many pages as it takes', async () => {
  const { history } = await loaded(range(1, 700));
  await history.reach(120);
  expect(history.state.items[0]?.seq).toBeLessThanOrEqual(120);
  await history.reach(1);
  expect(history.state.items.map((each) => each.seq)).toEqual(range(1, 700));
});
