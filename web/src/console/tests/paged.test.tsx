import { render } from 'preact';
import { beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { eventually } from '../../protocol/tests/patience';
import type { Page } from '../../protocol/types';
import { fakeDocument, FakeNode } from '../../ui/tests/fake-dom';
import { type Paged, usePaged } from '../paged';

interface Item {
  id: string;
}

let pages: Record<string, Page<Item> | Error>;
let paged: Paged<Item>;
let root: FakeNode;

beforeAll(() => {
  vi.stubGlobal('document', fakeDocument);
});

beforeEach(() => {
  root = new FakeNode(1, 'root');
  pages = {
    first: page('a b', 'second'),
    second: page('b c', 'third'),
    third: page('d'),
    other: page('x'),
  };
});

function page(ids: string, next_cursor: string | null = null): Page<Item> {
  const items = ids.split(' ').map((id) => ({ id }));
  return { items, has_more: next_cursor !== null, next_cursor };
}

function Probe({ name }: { name: string }) {
  paged = usePaged<Item>(name, async (cursor) => {
    const answer = pages[cursor ?? name]!;
    if (answer instanceof Error) throw answer;
    return answer;
  });
  return null;
}

function show(name: string): void {
  render(<Probe name={name} />, root as unknown as Parameters<typeof render>[1]);
}

function ids(): string {
  const { state } = paged.load;
  return state.status === 'ready' ? state.value.map((item) => item.id).join(' ') : state.status;
}

const become = (text: string) => eventually(() => expect(ids()).toBe(text));

it('goes on where the page before ended, and shows nothing twice', async () => {
  show('first');
  await become('a b');
  expect(paged.hasMore).toBe(true);
  paged.loadMore();
  await become('a b c');
  paged.loadMore();
  await become('a b c d');
  expect(paged.hasMore).toBe(false);
  paged.loadMore();
  expect(paged.more).toBe('idle');
});

it('a page that did not come can be asked for again', async () => {
  show('first');
  await become('a b');
  pages['second'] = new Error('no answer');
  paged.loadMore();
  await eventually(() => expect(paged.more).toBe('error'));
  expect(ids()).toBe('a b');
  pages['second'] = page('c');
  paged.loadMore();
  await become('a b c');
  expect(paged.hasMore).toBe(false);
});

it('the rest of one list is not added to another', async () => {
  show('first');
  await become('a b');
  paged.loadMore();
  show('other');
  await become('x');
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(ids()).toBe('x');
  expect(paged.hasMore).toBe(false);
});
