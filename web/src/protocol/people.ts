/** Shapes of customers, what they looked at, and tickets. */
import type { Person, Priority, Visitor } from './types';

export interface Customer {
  id: string;
  /** This and what follows may be empty, and masked. */
  name: string;
  email: string;
  phone: string;
  note: string;
  attributes: Record<string, unknown>;
  /** Goes into a change, which is refused when somebody else was faster. */
  version: number;
  created_at: string;
  updated_at: string;
  merges?: CustomerMerge[] | null;
}

export interface CustomerMerge {
  merge_id: string;
  at: string;
  /** Id of the agent who did it. */
  by: string;
  /** Id of the customer that was merged. */
  from: string;
}

export type IdentityKind =
  | 'web'
  | 'signed'
  | 'wechat_openid'
  | 'wechat_unionid'
  | 'phone'
  | 'email';

export interface CustomerIdentity {
  id: string;
  kind: IdentityKind;
  scope: string;
  value: string;
  verified: boolean;
  created_at: string;
}

export interface RevealedCustomer {
  customer: Customer;
  identities: CustomerIdentity[];
  visitors: Visitor[];
}

export interface CustomerPrivacy {
  customer_id: string;
  erasure?: Erasure | null;
  hold?: LegalHold | null;
}

export interface Erasure {
  state: 'under_way' | 'finished';
  asked_at: string;
  by?: string | null;
  /** Entries of logs that became empty so far. */
  entries: number;
  finished_at?: string | null;
}

export interface LegalHold {
  customer_id: string;
  reason: string;
  at: string;
  by?: string | null;
  expires_at?: string | null;
}

/** Keeps out one of a visitor, a customer and a range of addresses. */
export interface Block {
  id: string;
  visitor_id?: string | null;
  customer_id?: string | null;
  address?: string | null;
  reason: string;
  made_by: string;
  made_at: string;
  expires_at?: string | null;
}

/** A page that a visitor looked at. */
export interface PageVisit {
  at: string;
  url: string;
  title: string;
  referrer: string;
}

export type TicketStatus = 'new' | 'open' | 'pending' | 'solved' | 'closed';

export interface Ticket {
  id: string;
  /** The short number that people say. */
  number: number;
  inbox: { id: string; key: string; name: string };
  subject: string;
  body: string;
  /** How the requester said to be reached, in an offline message; otherwise empty. */
  contact: { name: string; email: string; phone: string };
  status: TicketStatus;
  priority: Priority;
  tags: string[];
  conversation_ids: string[];
  requester?: { id: string; name: string; verified: boolean } | null;
  assignee?: { id: string; name: string } | null;
  team_id?: string | null;
  due_at?: string | null;
  solved_at?: string | null;
  created_at: string;
  updated_at: string;
  /** Goes into a change, which is refused when somebody else was faster. */
  version: number;
}

export interface TicketComment {
  id: string;
  from: Person;
  internal: boolean;
  text: string;
  created_at: string;
}

export interface TicketHistoryLine {
  at: string;
  by: Person;
  field:
    | 'subject'
    | 'status'
    | 'priority'
    | 'assignee'
    | 'team'
    | 'due_at'
    | 'tags'
    | 'conversation';
  /** A text, a word, an id, a time, or ids with commas between. */
  from?: string | null;
  to?: string | null;
}

export interface RevealedTicket {
  ticket: Ticket;
  comments: TicketComment[];
}
