import { effect, signal } from '@preact/signals';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Agent, Conversation, ServerFrame } from '../../../protocol/types';
import type { Desk, DeskListener } from '../../desk';
import { Board } from '../board';

const AT = Date.parse('2026-11-28T10:00:00Z');
const iso = (seconds: number) => new Date(AT + seconds * 1_000).toISOString();

function conversation(index: number, over: Partial<Conversation> = {}): Conversation {
  return {
    id: `c${index}`,
    inbox: { id: 'i1', key: 'web', name: 'Web' },
    visitor: { id: `v${index}`, name: `Visitor ${index}`, verified: false },
    state: 'open',
    assignee: { id: 'a1', name: 'Lin' },
    team: null,
    priority: 'normal',
    last_seq: 1,
    visitor_read_seq: 0,
    agent_read_seq: 0,
    last_message: null,
    queued_at: null,
    created_at: iso(0),
    updated_at: iso(index),
    resolved_at: null,
    rating: null,
    ...over,
  };
}

const LIN = { id: 'a1', name: 'Lin', status: 'online', permissions: ['chat'], teams: [] };

/** A desk with a server behind it that holds `listed`. */
function fakeDesk(listed: Conversation[], permissions: string[]) {
  const listeners = new Set<DeskListener>();
  const watched: string[] = [];
  const asked: string[] = [];
  const api = {
    get(path: string) {
      asked.push(path);
      if (path === 'conversations') return Promise.resolve({ items: listed, has_more: false });
      if (path === 'agents') return Promise.resolve({ items: [LIN] });
      if (path === 'reports/now') return Promise.resolve({ queues: [], agents: [] });
      return Promise.resolve({ items: [], rows: [] });
    },
  };
  const desk = {
    api,
    me: signal({ id: 'me', permissions } as unknown as Agent),
    client: {
      watchScope: (scope: string) => watched.push(scope),
      unwatchScope: (scope: string) => watched.push(`-${scope}`),
    },
    listen(listener: DeskListener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  } as unknown as Desk;
  const hear = (frame: ServerFrame) => listeners.forEach((each) => each.frame?.(frame));
  return { desk, hear, watched, asked, listeners };
}

const changed = (one: Conversation): ServerFrame => ({
  type: 'conversation',
  change: 'updated',
  conversation: one,
});

beforeEach(() => {
  vi.useFakeTimers({ now: AT });
  vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('shows many changes as one, and what has ended no more', async () => {
  const { desk, hear, watched, listeners } = fakeDesk(
    [conversation(1), conversation(2)],
    ['conversations.all'],
  );
  const board = new Board(desk);
  await vi.advanceTimersByTimeAsync(0);
  expect(board.status.value).toBe('ready');
  let pictures = -1;
  const stop = effect(() => {
    void board.live.value;
    pictures += 1;
  });
  for (let index = 0; index < 200; index += 1) hear(changed(conversation(3 + (index % 50))));
  hear(changed(conversation(2, { state: 'resolved', updated_at: iso(99) })));
  expect(pictures).toBe(0);
  await vi.advanceTimersByTimeAsync(250);
  expect(pictures).toBe(1);
  const ids = board.live.value.map((each) => each.conversation.id);
  expect(ids).toHaveLength(51);
  expect(ids).not.toContain('c2');
  stop();
  board.close();
  expect(watched).toEqual(['all', '-all']);
  expect(listeners.size).toBe(0);
});

it('does not go back to what was before', async () => {
  const { desk, hear } = fakeDesk([conversation(5)], ['conversations.all']);
  const board = new Board(desk);
  await vi.advanceTimersByTimeAsync(0);
  const inQueue = { state: 'queued', assignee: null } as const;
  hear(changed(conversation(5, { ...inQueue, updated_at: iso(1) })));
  await vi.advanceTimersByTimeAsync(250);
  expect(board.live.value[0]?.conversation.state).toBe('open');
  board.close();
});

it('asks for no reports where there is no permission, and watches own teams alone', async () => {
  const { desk, asked, watched } = fakeDesk([], ['chat']);
  const board = new Board(desk);
  await vi.advanceTimersByTimeAsync(0);
  expect(watched).toEqual(['team']);
  expect(asked.some((path) => path.startsWith('reports'))).toBe(false);
  board.close();
});

it('takes what an agent says it is doing, why and since when', async () => {
  const { desk, hear } = fakeDesk([], ['conversations.all', 'reports']);
  const board = new Board(desk);
  await vi.advanceTimersByTimeAsync(0);
  const from = { kind: 'agent', id: 'a1', name: 'Lin' } as const;
  const since = '2026-01-01T00:00:00.000Z';
  hear({ type: 'presence', from, status: 'away', reason: 'meal', since });
  const said = { status: 'away', status_reason: 'meal', status_since: since };
  expect(board.agents.value?.[0]?.agent).toMatchObject(said);
  hear({ type: 'presence', from, status: 'online' });
  const agent = board.agents.value?.[0]?.agent;
  expect(agent).toMatchObject({ status: 'online' });
  expect(agent).not.toHaveProperty('status_reason');
  board.close();
});
