import type { Agent, Conversation, View } from '../../protocol/types';

export const VIEWS: readonly View[] = ['mine', 'waiting', 'all', 'ended'];

export function isView(text: string | undefined): text is View {
  return VIEWS.includes(text as View);
}

export function isMine(conversation: Conversation, me: Agent): boolean {
  return conversation.assignee?.id === me.id;
}

/** The same membership that the server's lists have, so that live changes move rows at once. */
export function belongs(view: View, conversation: Conversation, me: Agent): boolean {
  const { state } = conversation;
  const mine = isMine(conversation, me);
  const sees = me.role !== 'agent' || mine;
  switch (view) {
    case 'mine':
      return mine && (state === 'open' || state === 'pending');
    case 'waiting':
      return state === 'queued';
    case 'all':
      return state === 'queued' || ((state === 'open' || state === 'pending') && sees);
    case 'ended':
      return state === 'resolved' && sees;
  }
}

/** Newest activity first; those who wait, the longest first. */
export function ordered(view: View, conversations: Conversation[]): Conversation[] {
  const waitingSince = (each: Conversation) => each.queued_at ?? each.created_at;
  return conversations.sort((a, b) =>
    view === 'waiting'
      ? compare(waitingSince(a), waitingSince(b)) || compare(a.id, b.id)
      : compare(b.updated_at, a.updated_at) || compare(b.id, a.id),
  );
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
  return (
    conversation.state !== 'resolved' &&
    conversation.last_seq > conversation.agent_read_seq &&
    conversation.last_message !== null &&
    conversation.last_message.from.kind !== 'agent'
  );
}
