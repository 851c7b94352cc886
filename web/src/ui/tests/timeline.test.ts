import { expect, it } from 'vitest';
import { message } from '../../protocol/tests/fakes';
import { type Row, timelineRows } from '../timeline';

const me = { kind: 'visitor', id: 'me', name: 'Me' } as const;
const base = { side: 'visitor', me, outbox: [], readSeq: 0 } as const;
const at = (minute: number) => new Date(2026, 0, 5, 10, minute).toISOString();
const kinds = (rows: Row[]) =>
  rows.map((row) => (row.kind === 'group' ? row.bubbles.length : row.kind));

it('groups by sender and time, and begins each day', () => {
  const items = [
    message(1, { created_at: at(0) }),
    message(2, { created_at: at(1) }),
    message(3, { created_at: at(9) }),
    message(4, { created_at: at(9), from: me }),
    message(5, { created_at: at(9), kind: 'event' }),
    message(6, { created_at: at(9), from: me }),
    message(7, { created_at: new Date(2026, 0, 6, 10).toISOString(), from: me }),
  ];
  expect(kinds(timelineRows({ ...base, items }))).toEqual(['day', 2, 1, 1, 'event', 1, 'day', 1]);
});

it('shows how far own messages have come, under a key that outlives the acknowledgement', () => {
  const items = [
    message(1, { from: me, created_at: at(0) }),
    message(2, { from: me, created_at: at(0) }),
  ];
  const waiting = {
    client_id: 'x',
    conversation_id: 'c',
    kind: 'text',
    text: 'later',
    order: 1,
    created_at: at(1),
    state: 'queued',
  } as const;
  const shown = (rows: Row[]) =>
    rows.flatMap((row) =>
      row.kind === 'group' ? row.bubbles.map((each) => [each.key, each.delivery]) : [],
    );
  expect(shown(timelineRows({ ...base, items, outbox: [waiting], readSeq: 1 }))).toEqual([
    ['m1', 'read'],
    ['m2', 'sent'],
    ['x', 'queued'],
  ]);
  const settled = [...items, message(3, { from: me, client_id: 'x', created_at: at(1) })];
  expect(shown(timelineRows({ ...base, items: settled, readSeq: 3 })).at(-1)).toEqual([
    'x',
    'read',
  ]);
});

it('agents and bots are one side, the visitor the other', () => {
  const items = [message(1, { created_at: at(0) }), message(2, { from: me, created_at: at(0) })];
  const own = (side: 'visitor' | 'agent') =>
    timelineRows({ ...base, side, items }).flatMap((row) => (row.kind === 'group' ? row.own : []));
  expect(own('visitor')).toEqual([false, true]);
  expect(own('agent')).toEqual([true, false]);
});
