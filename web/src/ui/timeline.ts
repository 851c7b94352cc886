import type { OutboxEntry } from '../protocol/outbox';
import type { Message, Person } from '../protocol/types';

export type Side = 'visitor' | 'agent';
export type Delivery = 'queued' | 'sending' | 'sent' | 'read' | 'failed';

export interface Bubble {
  /** The same before and after the acknowledgement, so that nothing blinks. */
  key: string;
  text: string;
  created_at: string;
  delivery: Delivery | null;
  error: string | null;
}

export type Row =
  | { kind: 'day'; key: string; created_at: string }
  | { kind: 'event'; key: string; message: Message }
  | { kind: 'group'; key: string; own: boolean; note: boolean; from: Person; bubbles: Bubble[] };

const GROUP_MS = 120_000;

export interface TimelineInput {
  side: Side;
  me: Person;
  items: readonly Message[];
  outbox: readonly OutboxEntry[];
  /** How far the other side has read. */
  readSeq: number;
}

/** Turns a log and what waits to be sent into days, events and groups of one sender. */
export function timelineRows({ side, me, items, outbox, readSeq }: TimelineInput): Row[] {
  const rows: Row[] = [];
  let day = '';
  let last = 0;
  const place = (from: Person, note: boolean, bubble: Bubble) => {
    startDay(bubble.created_at);
    const at = Date.parse(bubble.created_at);
    const row = rows[rows.length - 1];
    const joins =
      row?.kind === 'group' &&
      row.note === note &&
      row.from.kind === from.kind &&
      row.from.id === from.id &&
      at - last < GROUP_MS;
    last = at;
    if (joins) row.bubbles.push(bubble);
    else
      rows.push({
        kind: 'group',
        key: bubble.key,
        own: isOwn(side, from),
        note,
        from,
        bubbles: [bubble],
      });
  };
  const startDay = (created_at: string) => {
    const date = new Date(created_at).toDateString();
    if (date === day) return;
    day = date;
    rows.push({ kind: 'day', key: date, created_at });
  };

  for (const message of items) {
    if (message.kind === 'event') {
      startDay(message.created_at);
      rows.push({ kind: 'event', key: message.id, message });
      continue;
    }
    const mine = message.from.kind === me.kind && message.from.id === me.id;
    const note = message.kind === 'note';
    place(message.from, note, {
      key: message.client_id ?? message.id,
      text: message.text,
      created_at: message.created_at,
      delivery: !mine || note ? null : message.seq <= readSeq ? 'read' : 'sent',
      error: null,
    });
  }
  for (const entry of outbox) {
    place(me, entry.kind === 'note', {
      key: entry.client_id,
      text: entry.text,
      created_at: entry.created_at,
      delivery: entry.state,
      error: entry.error ?? null,
    });
  }
  return rows;
}

/** The visitor is one side; agents, bots and the system are the other. */
export function isOwn(side: Side, from: Person): boolean {
  return (from.kind === 'visitor') === (side === 'visitor');
}
