import { expect, it, vi } from 'vitest';
import { Mentions } from '../mentions';
import { conversation } from './people';

function setUp(items = [conversation({ id: 'a' })]) {
  const get = vi.fn(() => Promise.resolve({ items, has_more: false }));
  const post = vi.fn((..._: unknown[]) => Promise.resolve());
  const taken: string[] = [];
  const known = { take: ({ id }: { id: string }) => void taken.push(id) };
  const mentions = new Mentions({ get, post } as never, known);
  return { mentions, post, taken };
}

it('are what the server lists and what is heard of since, until they are looked at', async () => {
  const { mentions, post, taken } = setUp();
  await mentions.load();
  expect(taken).toEqual(['a']);
  mentions.add('b');
  expect([...mentions.ids.value]).toEqual(['a', 'b']);
  mentions.seen('a', 7);
  expect([...mentions.ids.value]).toEqual(['b']);
  expect(post.mock.calls).toEqual([['conversations/a/mention/seen', { seq: 7 }]]);
  mentions.seen('a', 8);
  expect(post).toHaveBeenCalledTimes(1);
});

it('stay as they are when the server does not answer', async () => {
  const { mentions } = setUp();
  await mentions.load();
  const failing = new Mentions(
    { get: () => Promise.reject(new Error('no')), post: () => Promise.resolve() } as never,
    { take: () => undefined },
  );
  failing.add('x');
  await failing.load();
  expect([...failing.ids.value]).toEqual(['x']);
});
