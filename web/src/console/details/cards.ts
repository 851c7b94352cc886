import type { ComponentType } from 'preact';
import type { ConsoleKey } from '../../i18n/console';
import type { Agent, Conversation } from '../../protocol/types';
import type { Chat } from '../chat/chat';
import { lazyPart } from '../lazy';
import { may } from '../pages';
import { AttributesCard } from './attributes-card';
import { ContactCard } from './contact-card';
import { ConversationCard } from './conversation-card';
import { NowCard } from './now-card';
import { PreviousCard } from './previous-card';

export interface CardProps {
  chat: Chat;
  conversation: Conversation;
  /** Another number after the customer became another one, by a merge or its undoing. */
  round: number;
  onOtherCustomer(): void;
  /** Shows an earlier conversation in the column. */
  onRead(conversation: Conversation): void;
}

export interface CardKind {
  name: string;
  title: ConsoleKey;
  allowed(me: Agent): boolean;
  View: ComponentType<CardProps>;
}

/** In the order of who never moved one. */
export const CARDS: readonly CardKind[] = [
  { name: 'contact', title: 'cardContact', allowed: () => true, View: ContactCard },
  { name: 'now', title: 'cardNow', allowed: (me) => may(me, 'customers'), View: NowCard },
  { name: 'conversation', title: 'conversation', allowed: () => true, View: ConversationCard },
  {
    name: 'previous',
    title: 'cardPrevious',
    allowed: (me) => may(me, 'customers'),
    View: PreviousCard,
  },
  { name: 'attributes', title: 'attributes', allowed: () => true, View: AttributesCard },
  {
    name: 'replies',
    title: 'cannedReplies',
    allowed: () => true,
    View: lazyPart<CardProps>(() => import('./replies-card')),
  },
  {
    name: 'tickets',
    title: 'cardTickets',
    allowed: (me) => may(me, 'tickets'),
    View: lazyPart<CardProps>(() => import('../tickets/tickets-card')),
  },
];
