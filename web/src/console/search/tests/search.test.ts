import { describe, expect, it } from 'vitest';
import { type AgentApi, ApiError } from '../../../protocol/agent-api';
import type { Hit } from '../../../protocol/search';
import type { Page } from '../../../protocol/types';
import { grouped, Search } from '../search';

const hit = (conversation: string, seq: number) =>
  ({ conversation: { id: conversation }, message: { seq } }) as unknown as Hit;

function api(...answers: (Page<Hit> | ApiError)[]) {
  const asked: Record<string, unknown>[] = [];
  const get = (_: string, query: Record<string, unknown>) => {
    asked.push(query);
    const answer = answers.shift()!;
    return answer instanceof ApiError ? Promise.reject(answer) : Promise.resolve(answer);
  };
  return { asked, search: new Search({ get } as unknown as AgentApi) };
}

const empty = (cursor: string): Page<Hit> => ({ items: [], has_more: true, next_cursor: cursor });

describe('a search', () => {
  it('goes on by itself over empty pages', async () => {
    const { asked, search } = api(empty('1'), empty('2'), { items: [hit('a', 1)], has_more: false });
    await search.run({ q: 'x', kind: 'note' });
    expect(search.state.value).toMatchObject({ status: 'ready', cursor: null, hits: [hit('a', 1)] });
    expect(asked.map(({ cursor, kind }) => [cursor, kind])).toEqual([
      [undefined, 'note'],
      ['1', 'note'],
      ['2', 'note'],
    ]);
  });

  it('but not for ever: then it asks', async () => {
    const { asked, search } = api(...[1, 2, 3, 4, 5, 6, 7].map((n) => empty(String(n))));
    await search.run({ q: 'x' });
    expect(asked).toHaveLength(6);
    expect(search.state.value).toMatchObject({ status: 'ready', hits: [], cursor: '6' });
  });

  it('keeps what it has when more cannot be had', async () => {
    const first = { items: [hit('a', 1)], has_more: true, next_cursor: 'n' };
    const { search } = api(first, new ApiError(0, 'network', ''), {
      items: [hit('b', 2)],
      has_more: false,
    });
    await search.run({ q: 'x' });
    await search.more();
    expect(search.state.value).toMatchObject({ more: 'error', cursor: 'n' });
    await search.more();
    expect(search.state.value).toMatchObject({ more: 'idle', cursor: null });
    expect(search.state.value).toMatchObject({ hits: [hit('a', 1), hit('b', 2)] });
  });

  it.each([
    [403, 'denied'],
    [503, 'error'],
  ])('%i is %s', async (status, expected) => {
    const { search } = api(new ApiError(status, '', ''));
    await search.run({ q: 'x' });
    expect(search.state.value.status).toBe(expected);
  });

  it('an answer that came too late is not shown', async () => {
    const { search } = api({ items: [hit('a', 1)], has_more: false });
    const run = search.run({ q: 'x' });
    await search.run({ q: ' ' });
    await run;
    expect(search.state.value.status).toBe('idle');
  });
});

it('puts together what was found in one conversation', () => {
  const groups = grouped([hit('a', 9), hit('b', 5), hit('a', 2)]);
  expect(groups.map(({ conversation, hits }) => [conversation.id, hits.length])).toEqual([
    ['a', 2],
    ['b', 1],
  ]);
});
