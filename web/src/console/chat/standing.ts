import type { Agent, Conversation } from '../../protocol/types';
import { isMine } from '../list/views';

/** What an agent is to a conversation. */
export interface Standing {
  mine: boolean;
  /** Takes part beside the one who has it. */
  joined: boolean;
  /** May look into and act on what others have. */
  oversees: boolean;
  /** May transfer, set aside, end. */
  manages: boolean;
  /** Nobody answers but the bot. */
  withBot: boolean;
  /** Somebody is at it, or set it aside. */
  handled: boolean;
  /** Writes to the visitor. */
  replies: boolean;
}

export function standingOf(conversation: Conversation, me: Agent): Standing {
  const { state, assignee, joined = [] } = conversation;
  const mine = isMine(conversation, me);
  const takesPart = joined.some((each) => each.id === me.id);
  const handled = (state === 'open' && assignee !== null) || state === 'pending';
  const oversees = me.permissions.includes('conversations.all');
  return {
    mine,
    joined: takesPart,
    oversees,
    manages: mine || oversees,
    withBot: state === 'open' && assignee === null,
    handled,
    replies: handled && (mine || takesPart),
  };
}
