import { describe, expect, it } from 'vitest';
import type { Conversation } from '../../../protocol/types';
import {
  byUrgency,
  isOver,
  type Live,
  matches,
  oldestWaits,
  queuesNow,
  queuesOf,
  totalOf,
  waitOf,
} from '../live';

const AT = '2026-11-28T10:00:00.000Z';

function conversation(over: Partial<Conversation> = {}): Conversation {
  return {
    id: 'c1',
    inbox: { id: 'i1', key: 'web', name: 'Web' },
    visitor: { id: 'v1', name: 'Li Na', verified: false },
    state: 'open',
    assignee: { id: 'a1', name: 'Lin' },
    team: null,
    priority: 'normal',
    last_seq: 3,
    visitor_read_seq: 0,
    agent_read_seq: 0,
    last_message: said('visitor', AT),
    queued_at: null,
    created_at: AT,
    updated_at: AT,
    resolved_at: null,
    rating: null,
    ...over,
  };
}

function said(kind: 'visitor' | 'agent', created_at: string, note = false) {
  const from = { kind, id: kind, name: kind };
  return { seq: 1, kind: note ? 'note' : 'text', text: 'x', from, created_at } as const;
}

function live(over: Partial<Conversation> = {}): Live {
  const one = conversation(over);
  return { conversation: one, wait: waitOf(one, null) };
}

const later = (minutes: number) => new Date(Date.parse(AT) + minutes * 60_000).toISOString();
const EVERYTHING = { text: '', standing: '', agent: '', team: '', inbox: '' } as const;

describe('what a visitor waits for', () => {
  it('is an answer to the first message without one, however many follow', () => {
    const first = waitOf(conversation(), null);
    expect(first).toEqual({ kind: 'answer', since: Date.parse(AT) });
    const second = conversation({ last_message: said('visitor', later(5)) });
    expect(waitOf(second, first)?.since).toBe(Date.parse(AT));
    const noted = conversation({ last_message: said('agent', later(6), true) });
    expect(waitOf(noted, first)?.since).toBe(Date.parse(AT));
    const answered = conversation({ last_message: said('agent', later(7)) });
    expect(waitOf(answered, first)).toBeNull();
  });

  it('is an agent while it is in the queue, nothing with the bot or on hold', () => {
    const queued = conversation({ state: 'queued', assignee: null, queued_at: later(1) });
    expect(waitOf(queued, null)).toEqual({ kind: 'queue', since: Date.parse(later(1)) });
    expect(waitOf(conversation({ assignee: null }), null)).toBeNull();
    expect(waitOf(conversation({ state: 'pending' }), null)).toBeNull();
  });
});

it('lists who waits for longest first', () => {
  const rows = [
    live({ id: 'answered', last_message: said('agent', later(9)), updated_at: later(9) }),
    live({ id: 'short', last_message: said('visitor', later(4)) }),
    live({ id: 'older', last_message: said('agent', AT) }),
    live({ id: 'long', state: 'queued', assignee: null, queued_at: later(2) }),
  ];
  const ids = rows.sort(byUrgency).map((each) => each.conversation.id);
  expect(ids).toEqual(['long', 'short', 'answered', 'older']);
});

it('finds by words, state, agent, team and inbox', () => {
  const row = live({ team: { id: 't1', name: 'Refunds' } });
  expect(matches(row, EVERYTHING)).toBe(true);
  expect(matches(row, { ...EVERYTHING, text: 'li n' })).toBe(true);
  expect(matches(row, { ...EVERYTHING, text: 'lin' })).toBe(true);
  expect(matches(row, { ...EVERYTHING, text: 'Han' })).toBe(false);
  expect(matches(row, { ...EVERYTHING, standing: 'open', agent: 'a1', team: 't1' })).toBe(true);
  expect(matches(row, { ...EVERYTHING, standing: 'bot' })).toBe(false);
  expect(matches(row, { ...EVERYTHING, inbox: 'i2' })).toBe(false);
});

it('counts queues and the oldest waits', () => {
  const rows = [
    live({ id: '1' }),
    live({ id: '2', last_message: said('visitor', later(3)) }),
    live({ id: '3', state: 'queued', assignee: null, queued_at: later(1) }),
    live({ id: '4', state: 'pending', inbox: { id: 'i2', key: 'shop', name: 'Shop' } }),
  ];
  expect(oldestWaits(rows)).toEqual(new Map([['a1', Date.parse(AT)]]));
  const queues = queuesOf(rows);
  const since = Date.parse(later(1));
  expect(queues).toEqual([
    { inbox_id: 'i1', team_id: null, waiting: 1, since, open: 2, pending: 0 },
    { inbox_id: 'i2', team_id: null, waiting: 0, since: null, open: 0, pending: 1 },
  ]);
  expect(totalOf(queues)).toEqual({ waiting: 1, since, open: 2, pending: 1 });
});

it('knows from how long somebody waits since when', () => {
  const counts = { waiting: 1, longest_wait_s: 90, open: 0, pending: 0 };
  const total = { waiting: 1, open: 0, pending: 0 };
  const queues = queuesNow({ at: AT, total, queues: [{ counts }], agents: [] });
  expect(queues[0]).toMatchObject({ inbox_id: null, since: Date.parse(AT) - 90_000 });
});

it('lists neither what has ended nor what has not begun', () => {
  expect(isOver(conversation({ state: 'resolved' }))).toBe(true);
  expect(isOver(conversation({ state: 'new' }))).toBe(true);
  expect(isOver(conversation())).toBe(false);
});
