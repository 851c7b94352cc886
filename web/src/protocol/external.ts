/** Tickets in a system of others, as REST answers with them. */

import type { TicketStatus } from './people';
import type { Priority } from './types';

export type ExternalKind = 'create' | 'update' | 'comment';
export type ExternalState = 'waiting' | 'sending' | 'done' | 'failed' | 'unknown' | 'dismissed';

export interface ExternalTicket {
  /** What it is called there. */
  number: string;
  subject: string;
  /** One of kefu's words, if theirs is one of these. */
  status: TicketStatus | null;
  status_text: string;
  priority: Priority | null;
  priority_text: string;
  assignee: string;
  url: string | null;
  created_at: string | null;
  updated_at: string | null;
}

export interface ExternalTickets {
  service: {
    name: string;
    /** What can be asked of it. */
    takes: ExternalKind[];
    /** Of these, when it can be said who is to work on the ticket. */
    assigns: ExternalKind[];
    statuses: TicketStatus[];
    priorities: Priority[];
  };
  items: ExternalTicket[];
  /** What was not answered; the items are then not all. */
  errors: { code: string; detail: string }[];
}

/** Something that an agent asked of the other system. */
export interface ExternalWrite {
  id: string;
  kind: ExternalKind;
  state: ExternalState;
  ticket: string | null;
  summary: string;
  reason: string;
  tries: number;
  due_at: string | null;
  by: { id: string; name: string } | null;
  created_at: string;
  updated_at: string;
}
