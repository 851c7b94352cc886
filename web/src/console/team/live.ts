import type { Conversation, ReportNow } from '../../protocol/types';

/** How a conversation stands, as a supervisor sorts them. */
export const STANDINGS = ['waiting', 'bot', 'open', 'pending'] as const;
export type Standing = (typeof STANDINGS)[number];

export interface Wait {
  readonly kind: 'queue' | 'answer';
  readonly since: number;
}

/** A conversation that has not ended, and what its visitor waits for. */
export interface Live {
  readonly conversation: Conversation;
  readonly wait: Wait | null;
}

export function standingOf({ state, assignee }: Conversation): Standing {
  if (state === 'queued' || state === 'new') return 'waiting';
  if (state === 'pending') return 'pending';
  return assignee === null ? 'bot' : 'open';
}

export function isOver({ state }: Conversation): boolean {
  return state === 'resolved' || state === 'new';
}

/**
 * What the visitor waits for. The list tells only the last message: the first one without an
 * answer is remembered from `before`.
 */
export function waitOf(conversation: Conversation, before: Wait | null): Wait | null {
  const { state, assignee, last_message, queued_at, created_at } = conversation;
  if (state === 'queued') return { kind: 'queue', since: Date.parse(queued_at ?? created_at) };
  if (state !== 'open' || assignee === null || last_message === null) return null;
  const answering = before?.kind === 'answer' ? before : null;
  // A note is nothing that the visitor gets.
  if (last_message.kind === 'note') return answering;
  if (last_message.from.kind !== 'visitor') return null;
  const since = conversation.unanswered_since ?? last_message.created_at;
  return answering ?? { kind: 'answer', since: Date.parse(since) };
}

/** Who waits for longest first, then the others by their last activity. */
export function byUrgency(a: Live, b: Live): number {
  if (a.wait && b.wait) return a.wait.since - b.wait.since || order(a, b);
  if (a.wait || b.wait) return a.wait ? -1 : 1;
  return order(a, b);
}

function order({ conversation: a }: Live, { conversation: b }: Live): number {
  if (a.updated_at !== b.updated_at) return a.updated_at < b.updated_at ? 1 : -1;
  return a.id < b.id ? -1 : 1;
}

export interface LiveFilter {
  text: string;
  standing: Standing | '';
  agent: string;
  team: string;
  inbox: string;
}

export function matches({ conversation }: Live, filter: LiveFilter): boolean {
  const { visitor, assignee, inbox, team } = conversation;
  if (filter.standing && standingOf(conversation) !== filter.standing) return false;
  if (filter.agent && assignee?.id !== filter.agent) return false;
  if (filter.team && team?.id !== filter.team) return false;
  if (filter.inbox && inbox.id !== filter.inbox) return false;
  if (filter.text === '') return true;
  const wanted = filter.text.toLocaleLowerCase();
  const names = [visitor.name, visitor.id, assignee?.name ?? ''];
  return names.some((each) => each.toLocaleLowerCase().includes(wanted));
}

/** Since when the one who waits for longest has waited for this agent's answer. */
export function oldestWaits(live: Iterable<Live>): ReadonlyMap<string, number> {
  const oldest = new Map<string, number>();
  for (const { conversation, wait } of live) {
    const id = conversation.assignee?.id;
    if (!id || wait?.kind !== 'answer') continue;
    oldest.set(id, Math.min(wait.since, oldest.get(id) ?? Infinity));
  }
  return oldest;
}

/** What waits and runs at one inbox for one team. */
export interface Queue {
  readonly inbox_id: string | null;
  /** Null for what is for anybody. */
  readonly team_id: string | null;
  readonly waiting: number;
  /** Since when the first of them waits. */
  readonly since: number | null;
  readonly open: number;
  readonly pending: number;
}

const NOTHING = { waiting: 0, since: null, open: 0, pending: 0 };

/** Queues as the server counts them; a wait of so long began so long before the answer. */
export function queuesNow({ at, queues }: ReportNow): Queue[] {
  return queues.map(({ inbox_id = null, team_id = null, counts }) => {
    const { waiting, open, pending, longest_wait_s = null } = counts;
    const since = longest_wait_s === null ? null : Date.parse(at) - longest_wait_s * 1_000;
    return { inbox_id, team_id, waiting, since, open, pending };
  });
}

/** The same, counted from the list. */
export function queuesOf(live: Iterable<Live>): Queue[] {
  const queues = new Map<string, Queue>();
  for (const { conversation, wait } of live) {
    const inbox_id = conversation.inbox.id;
    const team_id = conversation.team?.id ?? null;
    const key = `${inbox_id} ${team_id}`;
    const queue = queues.get(key) ?? { inbox_id, team_id, ...NOTHING };
    const standing = standingOf(conversation);
    const one = {
      waiting: standing === 'waiting' ? 1 : 0,
      since: wait?.kind === 'queue' ? wait.since : null,
      open: standing === 'open' ? 1 : 0,
      pending: standing === 'pending' ? 1 : 0,
    };
    queues.set(key, { ...queue, ...added(queue, one) });
  }
  return [...queues.values()];
}

type Counts = Omit<Queue, 'inbox_id' | 'team_id'>;

/** All of them together. */
export function totalOf(queues: readonly Queue[]): Counts {
  return queues.reduce<Counts>(added, NOTHING);
}

function added(a: Counts, b: Counts): Counts {
  const sinces = [a.since, b.since].filter((each) => each !== null);
  return {
    waiting: a.waiting + b.waiting,
    since: sinces.length > 0 ? Math.min(...sinces) : null,
    open: a.open + b.open,
    pending: a.pending + b.pending,
  };
}
