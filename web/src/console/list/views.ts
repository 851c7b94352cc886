import type { Agent, Conversation, Message, View } from '../../protocol/types';

/** In the order of the tabs and of Alt+1 to Alt+5. */
export const VIEWS: readonly View[] = ['mine', 'waiting', 'bot', 'all', 'ended'];

export type Sort = 'latest' | 'unanswered' | 'arrival';
export const SORTS: readonly Sort[] = ['latest', 'unanswered', 'arrival'];

export function isView(text: string | undefined): text is View {
  return VIEWS.includes(text as View);
}

export function isMine(conversation: Conversation, me: Agent): boolean {
  return conversation.assignee?.id === me.id;
}

export function seesAll(me: Agent): boolean {
  return me.permissions.includes('conversations.all');
}

/** The lists that an agent has: what the bot answers is for who sees everything. */
export function viewsOf(me: Agent): readonly View[] {
  return seesAll(me) ? VIEWS : VIEWS.filter((view) => view !== 'bot');
}

/** The same membership that the server's lists have, so that live changes move rows at once. */
export function belongs(view: View, conversation: Conversation, me: Agent): boolean {
  const { state, assignee } = conversation;
  const mine = isMine(conversation, me);
  const sees = seesAll(me) || mine;
  const waits = state === 'queued' && (seesAll(me) || waitsFor(conversation, me));
  switch (view) {
    case 'mine':
      return mine && (state === 'open' || state === 'pending');
    case 'waiting':
      return waits;
    case 'bot':
      return state === 'open' && assignee === null && seesAll(me);
    case 'all':
      return waits || ((state === 'open' || state === 'pending') && sees);
    case 'ended':
      return state === 'resolved' && sees;
  }
}

/** It waits for anybody, for a team of this agent, or is offered to it. */
function waitsFor({ team, offer }: Conversation, me: Agent): boolean {
  return !team || me.teams.includes(team.id) || offer?.agent.id === me.id;
}

/** Since when it waits to be accepted. */
export function waitingSince(conversation: Conversation): string {
  return conversation.queued_at ?? conversation.created_at;
}

/** Since when the visitor waits for an answer; null while nobody owes one. */
export function unansweredSince({ unanswered_since }: Conversation): string | null {
  return unanswered_since ?? null;
}

/** Since when the visitor waits for an answer once this message was written. */
export function unansweredAfter(conversation: Conversation, message: Message): string | null {
  const { kind, from, created_at } = message;
  const waits = unansweredSince(conversation);
  if (kind === 'note' || kind === 'event' || from.kind === 'system') return waits;
  return from.kind === 'visitor' ? (waits ?? created_at) : null;
}

type Compare = (a: Conversation, b: Conversation) => number;

const latest: Compare = (a, b) => compare(b.updated_at, a.updated_at) || compare(b.id, a.id);

const COMPARES: Record<Sort, Compare> = {
  latest,
  /** Who waits for an answer, the longest first; then the others. */
  unanswered: (a, b) => {
    const [one, other] = [unansweredSince(a), unansweredSince(b)];
    if (one !== null && other !== null) return compare(one, other) || compare(a.id, b.id);
    if (one === null && other === null) return latest(a, b);
    return one === null ? 1 : -1;
  },
  arrival: (a, b) => compare(waitingSince(a), waitingSince(b)) || compare(a.id, b.id),
};

/** Those who wait stand in the order of the queue, whatever is chosen for the others. */
export function comparison(view: View, sort: Sort): Compare {
  return COMPARES[view === 'waiting' ? 'arrival' : view === 'ended' ? 'latest' : sort];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Joins two states of one conversation that may have come in any order. */
export function newer(held: Conversation | undefined, incoming: Conversation): Conversation {
  if (!held) return incoming;
  const base = incoming.updated_at >= held.updated_at ? incoming : held;
  return {
    ...base,
    last_seq: Math.max(held.last_seq, incoming.last_seq),
    visitor_read_seq: Math.max(held.visitor_read_seq, incoming.visitor_read_seq),
    agent_read_seq: Math.max(held.agent_read_seq, incoming.agent_read_seq),
  };
}

/** Something came from the other side that this agent has not looked at. */
export function isUnread(conversation: Conversation): boolean {
  if (conversation.marked_unread) return true;
  return (
    conversation.state !== 'resolved' &&
    conversation.last_seq > conversation.agent_read_seq &&
    conversation.last_message !== null &&
    conversation.last_message.from.kind !== 'agent'
  );
}
