import { expect, it } from 'vitest';
import { message } from '../../protocol/tests/fakes';
import { measured } from '../../protocol/tests/patience';
import { createI18n } from '../../i18n';
import { texts } from '../../i18n/console';
import { type Row, sameBlock, type TimelineInput, timelineBlocks } from '../timeline';

const me = { kind: 'visitor', id: 'me', name: 'Me' } as const;
const base = {
  side: 'visitor',
  me,
  items: [],
  outbox: [],
  readSeq: 0,
  unreadSeq: undefined,
  texts: createI18n(texts, 'en'),
  nameOf: (person) => person.name,
  eventText: (event) => event.text,
} satisfies TimelineInput;
const timelineRows = (input: TimelineInput) => timelineBlocks(input).flatMap((block) => block.rows);
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

const mine = { from: me, created_at: at(0) } as const;
const theirs = { created_at: at(0) } as const;

it('does not show the entries that only tell of a change', () => {
  const items = [
    message(1, theirs),
    message(2, { ...theirs, kind: 'event', event: { code: 'edited', seq: 1 } }),
    message(3, { ...theirs, kind: 'note', event: { code: 'recalled', seq: 1 } }),
    message(4, { ...theirs, kind: 'event', event: { code: 'erased' } }),
    message(5, theirs),
  ];
  expect(kinds(timelineRows({ ...base, items }))).toEqual(['day', 1, 'event', 1]);
});

it('marks where the new messages of others begin, once', () => {
  const items = [message(1, theirs), message(2, mine), message(3, theirs), message(4, theirs)];
  const rows = (unreadSeq: number) => kinds(timelineRows({ ...base, items, unreadSeq }));
  expect(rows(1)).toEqual(['day', 1, 1, 'new', 2]);
  expect(rows(3)).toEqual(['day', 1, 1, 1, 'new', 1]);
  expect(rows(4)).toEqual(['day', 1, 1, 2]);
  expect(rows(0)).toEqual(['day', 1, 1, 2]);
});

it('finds what is quoted, and the answers to questions, sent or not', () => {
  const form = { fields: [{ name: 'a', label: 'A', type: 'text' }] };
  const items = [
    message(1, { ...theirs, kind: 'form', data: form }),
    message(2, { ...mine, quote_seq: 1 }),
    message(3, { ...theirs, quote_seq: 99 }),
  ];
  const answer = {
    client_id: 'x',
    conversation_id: 'c',
    kind: 'form',
    text: '',
    data: { answers_seq: 1, values: [{ name: 'a', value: 'b' }] },
    order: 1,
    created_at: at(1),
    state: 'queued',
  } as const;
  const bubbles = timelineRows({ ...base, items, outbox: [answer] }).flatMap((row) =>
    row.kind === 'group' ? row.bubbles : [],
  );
  expect(bubbles[0]?.related?.data).toEqual(answer.data);
  expect(bubbles[1]?.quoted).toBe(items[0]);
  expect(bubbles[2]?.quoted).toBeUndefined();
  expect(bubbles[3]?.related).toBe(items[0]);
});

it('what waits is shown with its file before it has a number', () => {
  const blob = new Blob(['pixels'], { type: 'image/png' });
  const entry = {
    client_id: 'x',
    conversation_id: 'c',
    kind: 'file',
    text: '',
    file: { blob, name: 'cat.png', media_type: 'image/png' },
    order: 1,
    created_at: at(1),
    state: 'sending',
  } as const;
  const [, row] = timelineRows({ ...base, outbox: [entry] });
  const bubble = row?.kind === 'group' ? row.bubbles[0] : undefined;
  expect(bubble?.message).toMatchObject({
    seq: 0,
    kind: 'image',
    data: { name: 'cat.png', size: 6 },
  });
});

it('a new message changes no block but the last', () => {
  const items = Array.from({ length: 200 }, (_, index) =>
    message(index + 1, index % 2 === 0 ? theirs : mine),
  );
  const before = timelineBlocks({ ...base, items });
  const after = timelineBlocks({ ...base, items: [...items, message(201, theirs)] });
  const changed = after.filter((block, index) => {
    const old = before[index];
    return !old || !sameBlock(old, block);
  });
  expect(before.length).toBe(5);
  expect(changed.length).toBeLessThanOrEqual(1);
});

it('lays 20,000 messages out within the time of a few frames', () => {
  const items = Array.from({ length: 20_000 }, (_, index) =>
    message(index + 1, {
      created_at: new Date(2026, 0, 1, 0, index).toISOString(),
      from: index % 3 === 0 ? me : { kind: 'agent', id: 'a1', name: 'Lin' },
    }),
  );
  const { result: blocks, microseconds } = measured(() => timelineBlocks({ ...base, items }));
  expect(microseconds).toBeLessThan(1_000_000);
  expect(blocks.length).toBe(401);
});
