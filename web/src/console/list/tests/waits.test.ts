import { describe, expect, it } from 'vitest';
import { levelOf, running, waitOf } from '../waits';
import { conversation } from './people';

const targets = { waiting_ms: 60_000, first_response_ms: 100_000 };
const nothing = { waiting_ms: null, first_response_ms: null };
const at = '2026-01-01T00:00:00.000Z';
const from = Date.parse(at);

describe('a wait', () => {
  it('in the queue turns yellow before its target and red at it', () => {
    const wait = waitOf(conversation({ state: 'queued', queued_at: at }), targets)!;
    const levels = [44_000, 45_000, 60_000].map((passed) => levelOf(wait, from + passed));
    expect(levels).toEqual(['calm', 'warn', 'danger']);
  });

  it('in the queue without a target is never more than yellow', () => {
    const wait = waitOf(conversation({ state: 'queued', queued_at: at }), nothing)!;
    expect(levelOf(wait, from + 120_000)).toBe('calm');
    expect(levelOf(wait, from + 9_000_000)).toBe('warn');
  });

  it('for an answer begins with the first message that has none', () => {
    const unanswered = conversation({
      assignee: { id: 'me', name: 'Me' },
      unanswered_since: at,
    });
    expect(waitOf({ ...unanswered, unanswered_since: null }, targets)).toBeNull();
    expect(waitOf({ ...unanswered, state: 'pending' }, targets)).toBeNull();
    expect(waitOf({ ...unanswered, assignee: null }, targets)).toBeNull();
    const wait = waitOf(unanswered, targets)!;
    expect(wait).toEqual({ kind: 'answer', since: from, target_ms: 100_000 });
    expect(levelOf(waitOf(unanswered, nothing)!, from + 9_000_000)).toBe('calm');
  });
});

it.each([
  [42_000, '0:42'],
  [3_599_000, '59:59'],
  [3_847_000, '1:04:07'],
  [90_000_000, '25:00:00'],
  [-5, '0:00'],
])('%i ms are %s', (ms, text) => {
  expect(running(ms)).toBe(text);
});
