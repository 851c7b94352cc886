import { effect } from '@preact/signals';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Conversations } from '../conversations';
import { agent, conversation } from './people';

const me = { id: 'me', name: 'Me' };
const mine = (id: string, minute: number) =>
  conversation({ id, assignee: me, updated_at: `2026-01-01T00:${10 + minute}:00.000Z` });

let draw: () => void = () => undefined;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('requestAnimationFrame', (run: () => void) => {
    draw = run;
    return 1;
  });
  vi.stubGlobal('cancelAnimationFrame', () => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('conversations', () => {
  it('are there at once and shown with the next picture, however many came', () => {
    const known = new Conversations(agent('agent'));
    const shown: string[] = [];
    effect(() => void shown.push(known.lists.mine.value.join('')));
    known.take(mine('a', 1));
    known.take(mine('b', 2));
    known.take(mine('c', 0));
    expect(known.peek('b')?.id).toBe('b');
    expect(shown).toEqual(['']);
    draw();
    expect(shown).toEqual(['', 'bac']);
    expect(known.rows.value.mine.map(({ id }) => id)).toEqual(['b', 'a', 'c']);
  });

  it('are shown without a picture where much came at once', () => {
    const known = new Conversations(agent('agent'));
    known.take(mine('a', 1));
    known.show();
    expect(known.lists.mine.value).toEqual(['a']);
  });

  it('are shown even where no pictures are drawn', () => {
    const known = new Conversations(agent('agent'));
    known.take(mine('a', 1));
    vi.advanceTimersByTime(1000);
    expect(known.lists.mine.value).toEqual(['a']);
  });

  it('tell only those who look at what changed', () => {
    const known = new Conversations(agent('agent'));
    known.replace([mine('a', 1), mine('b', 2)], known.now(), () => false);
    let drawn = 0;
    effect(() => {
      void known.get('a');
      drawn += 1;
    });
    const before = known.lists.mine.value;
    known.take({ ...mine('b', 3), last_seq: 2 });
    draw();
    expect(drawn).toBe(1);
    // In the same order it is the same list.
    expect(known.lists.mine.value).toBe(before);
    known.take({ ...mine('a', 4), last_seq: 2 });
    draw();
    expect(drawn).toBe(2);
    expect(known.lists.mine.value).toEqual(['a', 'b']);
  });

  it('a refresh forgets what is gone, but nothing that came meanwhile', () => {
    const known = new Conversations(agent('agent'));
    known.replace([mine('old', 0), mine('open', 1)], known.now(), () => false);
    const since = known.now();
    known.take(mine('live', 5));
    known.replace([mine('loaded', 2)], since, ({ id }) => id === 'open');
    expect(known.lists.mine.value).toEqual(['live', 'loaded', 'open']);
  });

  it('are only those of one inbox when that is wanted, in another order when that is', () => {
    const known = new Conversations(agent('agent'));
    const inbox = { id: 'shop', key: 'shop', name: 'Shop' };
    known.replace([mine('a', 1), { ...mine('b', 2), inbox }], known.now(), () => false);
    known.arrange({ inbox: 'shop' });
    expect(known.lists.mine.value).toEqual(['b']);
    known.arrange({ inbox: null, sort: 'arrival' });
    expect(known.lists.mine.value).toEqual(['a', 'b']);
  });

  it('a thousand at once stand in the right order', () => {
    const known = new Conversations(agent('agent'));
    const many = Array.from({ length: 1000 }, (_, at) =>
      mine(`c${at}`, 0),
    ).map((each, at) => ({ ...each, updated_at: new Date((at * 7919) % 1000).toISOString() }));
    known.replace(many, known.now(), () => false);
    for (let at = 0; at < 50; at += 1) {
      known.take({ ...many[at]!, updated_at: new Date(5000 - at).toISOString() });
    }
    draw();
    const times = known.lists.mine.value.map((id) => known.peek(id)!.updated_at);
    expect(times).toEqual([...times].sort().reverse());
    expect(times).toHaveLength(1000);
  });

  it('another right shows other lists', () => {
    const known = new Conversations(agent('agent'));
    const theirs = conversation({ id: 'x', assignee: { id: 'other', name: 'O' } });
    known.replace([theirs], known.now(), () => false);
    expect(known.lists.all.value).toEqual([]);
    known.setMe(agent('supervisor'));
    expect(known.lists.all.value).toEqual(['x']);
  });
});
