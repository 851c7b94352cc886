import { afterEach, expect, it, vi } from 'vitest';
import type { Desk } from '../../desk';
import { CannedReplies } from '../canned/replies';

afterEach(() => {
  vi.useRealTimers();
});

it('canned replies that stay in sight are not loaded with every conversation', async () => {
  vi.useFakeTimers();
  const get = vi.fn(() => Promise.resolve({ items: [], has_more: false }));
  const replies = new CannedReplies({ api: { get } } as unknown as Desk);
  await replies.freshen();
  await replies.freshen();
  expect(get).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(61_000);
  await replies.freshen();
  expect(get).toHaveBeenCalledTimes(2);
});

it('canned replies that could not be loaded are asked for again', async () => {
  const get = vi.fn().mockRejectedValueOnce(new Error('no answer'));
  get.mockResolvedValue({ items: [], has_more: false });
  const replies = new CannedReplies({ api: { get } } as unknown as Desk);
  await replies.freshen();
  expect(replies.state.value).toBe('error');
  await replies.freshen();
  expect(replies.state.value).toEqual([]);
});
