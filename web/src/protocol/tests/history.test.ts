import { expect, it } from 'vitest';
import { Api } from '../api';
import { History } from '../history';
import type { Message, Page } from '../types';
import { CONVERSATION, harness, message } from './fakes';

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
