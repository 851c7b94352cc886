import { expect, it } from 'vitest';
import type { Ticket } from '../../../protocol/people';
import { dueState, fromField, toField } from '../due';

const HOUR = 3_600_000;
const ticket = (over: Partial<Ticket>) => ({ status: 'open', ...over }) as Ticket;
const at = (ms: number) => new Date(ms).toISOString();

it('is over, soon or later, and nothing once it is solved', () => {
  expect(dueState(ticket({}), 0)).toBe('none');
  expect(dueState(ticket({ due_at: at(-1) }), 0)).toBe('over');
  expect(dueState(ticket({ due_at: at(3 * HOUR) }), 0)).toBe('soon');
  expect(dueState(ticket({ due_at: at(5 * HOUR) }), 0)).toBe('later');
  expect(dueState(ticket({ due_at: at(-1), status: 'solved' }), 0)).toBe('none');
});

it('goes into the field and comes back as the same minute', () => {
  const moment = '2026-03-04T05:06:00.000Z';
  expect(toField(moment)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d$/);
  expect(fromField(toField(moment))).toBe(moment);
  expect(toField(null)).toBe('');
  expect(fromField('')).toBe(null);
  expect(fromField('soon')).toBe(null);
});
