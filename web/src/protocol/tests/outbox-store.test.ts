import 'fake-indexeddb/auto';
import { expect, it } from 'vitest';
import { indexedDbStore, type OutboxEntry } from '../outbox';

function entry(client_id: string, order: number): OutboxEntry {
  return {
    client_id,
    conversation_id: 'c',
    kind: 'text',
    text: client_id,
    order,
    created_at: '2026-01-01T00:00:00.000Z',
    state: 'queued',
  };
}

it('keeps entries apart by owner, replaces and removes them', async () => {
  const mine = indexedDbStore(() => 'me');
  const theirs = indexedDbStore(() => 'them');
  await mine.put(entry('a', 1));
  await mine.put(entry('b', 2));
  await theirs.put(entry('c', 3));
  await mine.put({ ...entry('a', 1), state: 'failed' });
  expect((await mine.load()).map(({ client_id, state }) => [client_id, state])).toEqual([
    ['a', 'failed'],
    ['b', 'queued'],
  ]);
  await mine.remove('a');
  expect(await mine.load()).toEqual([entry('b', 2)]);
  expect(await theirs.load()).toEqual([entry('c', 3)]);
});

it('keeps a file beside its entry', async () => {
  const store = indexedDbStore(() => 'with-files');
  const file = { blob: new Blob(['hello']), name: 'a.txt', media_type: 'text/plain' };
  await store.put({ ...entry('f', 1), file });
  const [kept] = await store.load();
  expect(kept?.file).toMatchObject({ name: 'a.txt', media_type: 'text/plain' });
  expect(kept?.file?.blob.size).toBe(5);
});
