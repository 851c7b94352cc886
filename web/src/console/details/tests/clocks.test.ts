import { expect, it } from 'vitest';
import type { Conversation, Message, MessageKind, Person } from '../../../protocol/types';
import { elapsed, stopwatches } from '../clocks';

const conversation = (over: Partial<Conversation>) =>
  ({ state: 'open', created_at: '2026-01-01T00:00:00Z', queued_at: null, ...over }) as Conversation;

const NONE = { waiting_ms: null, first_response_ms: null };

const message = (seq: number, kind: MessageKind, from: Person['kind'], second: number) =>
  ({
    seq,
    kind,
    from: { kind: from, id: null, name: '' },
    created_at: new Date(second * 1000).toISOString(),
  }) as Message;

const said = [
  message(1, 'text', 'visitor', 10),
  message(2, 'event', 'agent', 11),
  message(3, 'note', 'agent', 12),
  message(4, 'text', 'bot', 13),
];

it('a note, an event and a bot are no first answer', () => {
  const targets = { waiting_ms: null, first_response_ms: 30_000 };
  expect(stopwatches(conversation({}), said, true, targets)).toEqual([
    { kind: 'first_response', since: 10_000, until: null, target_ms: 30_000 },
  ]);
  const answered = [...said, message(5, 'image', 'agent', 50)];
  expect(stopwatches(conversation({}), answered, true, NONE)).toEqual([
    { kind: 'first_response', since: 10_000, until: 50_000, target_ms: null },
  ]);
});

it('says nothing of the first answer while the beginning is not known, or when none comes', () => {
  expect(stopwatches(conversation({}), said, false, NONE)).toEqual([]);
  expect(stopwatches(conversation({ state: 'resolved' }), said, true, NONE)).toEqual([]);
});

it('waiting counts from when it was queued', () => {
  const queued = conversation({ state: 'queued', queued_at: '1970-01-01T00:01:00Z' });
  expect(stopwatches(queued, [], true, { waiting_ms: 120_000, first_response_ms: null })).toEqual([
    { kind: 'waiting', since: 60_000, until: null, target_ms: 120_000 },
  ]);
});

it.each([
  [-5, '0:00'],
  [7_999, '0:07'],
  [247_000, '4:07'],
  [3_847_000, '1:04:07'],
])('%i ms are %s', (ms, text) => {
  expect(elapsed(ms)).toBe(text);
});
