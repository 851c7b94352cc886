import { isRevision } from '../protocol/history';
import type { OutboxEntry } from '../protocol/outbox';
import type { MediaData, Message, Person } from '../protocol/types';
import { day, type SharedI18n } from './time';

export type Side = 'visitor' | 'agent';
export type Delivery = 'queued' | 'sending' | 'sent' | 'read' | 'failed';

export interface Bubble {
  /** The same before and after the acknowledgement, so that nothing blinks. */
  key: string;
  message: Message;
  /** While it is not acknowledged. */
  entry: OutboxEntry | null;
  delivery: Delivery | null;
  /** The message that it quotes, if that is loaded. */
  quoted: Message | undefined;
  /** Its questions, or the answers to them. */
  related: Message | undefined;
}

export type Row =
  | { kind: 'day'; key: string; label: string }
  | { kind: 'new'; key: string }
  | { kind: 'event'; key: string; label: string; created_at: string }
  | {
      kind: 'group';
      key: string;
      own: boolean;
      mine: boolean;
      note: boolean;
      from: Person;
      name: string;
      bubbles: Bubble[];
    };

/** Rows that are laid out together. What is far from sight is not laid out at all. */
export interface Block {
  key: string;
  rows: Row[];
}

const GROUP_MS = 120_000;
const BLOCK_SEQS = 50;

export interface TimelineInput {
  side: Side;
  me: Person;
  items: readonly Message[];
  outbox: readonly OutboxEntry[];
  /** How far the other side has read. */
  readSeq: number;
  /** What comes after it is new to this reader. */
  unreadSeq: number | undefined;
  texts: SharedI18n;
  nameOf(person: Person): string;
  eventText(message: Message): string;
}

/** Turns a log and what waits to be sent into days, events and groups of one sender. */
export function timelineBlocks(input: TimelineInput): Block[] {
  const { side, me, items, outbox, readSeq, unreadSeq = Infinity, texts } = input;
  const blocks: Block[] = [];
  const find = finder(items, outbox, me);
  /** When the day that is shown ends. */
  let tomorrow = -Infinity;
  let last = 0;
  let isNewPlaced = false;

  const add = (row: Row, seq: number) => {
    const block = blocks[blocks.length - 1];
    // What waits stays with what was sent, where it most likely gets its place.
    const key = seq === Infinity ? (block?.key ?? 'waiting') : String(blockOf(seq));
    if (block?.key === key) block.rows.push(row);
    else blocks.push({ key, rows: [row] });
  };
  const lastRow = () => {
    const rows = blocks[blocks.length - 1]?.rows;
    return rows?.[rows.length - 1];
  };
  const startDay = (created_at: string, seq: number) => {
    if (Date.parse(created_at) < tomorrow) return;
    const begin = new Date(created_at);
    begin.setHours(0, 0, 0, 0);
    add({ kind: 'day', key: `day-${begin.getTime()}`, label: day(created_at, texts) }, seq);
    tomorrow = begin.setDate(begin.getDate() + 1);
  };
  const place = (bubble: Bubble, seq: number) => {
    const { from, kind, created_at } = bubble.message;
    const mine = isSame(from, me);
    startDay(created_at, seq);
    if (seq > unreadSeq && seq !== Infinity && !mine && !isNewPlaced) {
      isNewPlaced = true;
      // Where all is new, a line above it says nothing.
      if (last > 0) add({ kind: 'new', key: 'new' }, seq);
    }
    const at = Date.parse(created_at);
    const note = kind === 'note';
    const row = lastRow();
    const joins =
      row?.kind === 'group' && row.note === note && isSame(row.from, from) && at - last < GROUP_MS;
    last = at;
    if (joins) {
      row.bubbles.push(bubble);
      return;
    }
    const { key } = bubble;
    const own = isOwn(side, from);
    const name = input.nameOf(from);
    add({ kind: 'group', key, own, mine, note, from, name, bubbles: [bubble] }, seq);
  };

  for (const message of items) {
    const { seq, created_at } = message;
    if (isRevision(message)) continue;
    if (message.kind === 'event') {
      startDay(created_at, seq);
      const label = input.eventText(message);
      add({ kind: 'event', key: message.id, label, created_at }, seq);
      continue;
    }
    const isTold = isSame(message.from, me) && message.kind !== 'note';
    const delivery = !isTold ? null : seq <= readSeq ? 'read' : 'sent';
    const key = message.client_id ?? message.id;
    place({ key, message, entry: null, delivery, ...find(message) }, seq);
  }
  for (const entry of outbox) {
    const message = waiting(entry, me);
    const { client_id: key, state: delivery } = entry;
    place({ key, message, entry, delivery, ...find(message) }, Infinity);
  }
  return blocks;
}

/** The block that a message is in, unless it goes on a group of the one before. */
export function blockOf(seq: number): number {
  return Math.floor(seq / BLOCK_SEQS);
}

/** Finds what messages refer to. */
function finder(items: readonly Message[], outbox: readonly OutboxEntry[], me: Person) {
  const bySeq = new Map<number, Message>();
  const answers = new Map<number, Message>();
  const note = (message: Message) => {
    bySeq.set(message.seq, message);
    const asked = message.kind === 'form' ? message.data?.['answers_seq'] : undefined;
    if (typeof asked === 'number' && message.from.kind === 'visitor') answers.set(asked, message);
  };
  items.forEach(note);
  for (const entry of outbox) if (entry.kind === 'form') note(waiting(entry, me));
  return ({ seq, kind, data, quote_seq }: Message): Pick<Bubble, 'quoted' | 'related'> => {
    const asked = kind === 'form' ? data?.['answers_seq'] : undefined;
    const related = typeof asked === 'number' ? bySeq.get(asked) : answers.get(seq);
    return { quoted: quote_seq ? bySeq.get(quote_seq) : undefined, related };
  };
}

/** An entry of the outbox as the message that it is to become; it has no number yet. */
function waiting(entry: OutboxEntry, me: Person): Message {
  const { client_id, conversation_id, text, file, quote_seq = null, created_at } = entry;
  const about = { conversation_id, seq: 0, prev_seq: 0, id: client_id, client_id, from: me };
  const said = { text, quote_seq, created_at };
  if (!file) return { ...about, kind: entry.kind, data: entry.data ?? null, ...said };
  const { name, media_type, blob } = file;
  const media: MediaData = { file_id: '', name, media_type, size: blob.size, url: '' };
  const kind = media_type.startsWith('image/') ? 'image' : 'file';
  return { ...about, kind, data: { ...media }, ...said };
}

/** The visitor is one side; agents, bots and the system are the other. */
export function isOwn(side: Side, from: Person): boolean {
  return (from.kind === 'visitor') === (side === 'visitor');
}

export function isSame(one: Person, other: Person): boolean {
  return one.kind === other.kind && one.id === other.id;
}

/** Whether two blocks show the same. */
export function sameBlock(one: Block, other: Block): boolean {
  return same(one.rows, other.rows, sameRow);
}

function sameRow(one: Row, other: Row): boolean {
  if (one.kind === 'group') {
    return (
      other.kind === 'group' &&
      one.key === other.key &&
      one.name === other.name &&
      same(one.bubbles, other.bubbles, sameBubble)
    );
  }
  const label = (row: Row) => ('label' in row ? row.label : '');
  return one.key === other.key && label(one) === label(other);
}

function sameBubble(one: Bubble, other: Bubble): boolean {
  return (
    one.entry === other.entry &&
    (one.entry !== null || one.message === other.message) &&
    one.delivery === other.delivery &&
    one.quoted === other.quoted &&
    one.related === other.related
  );
}

function same<T>(ones: readonly T[], others: readonly T[], equal: (a: T, b: T) => boolean) {
  return ones.length === others.length && ones.every((one, index) => equal(one, others[index]!));
}
