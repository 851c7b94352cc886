import { texts } from '../../i18n/tickets';
import type { Ticket, TicketStatus } from '../../protocol/people';
import type { Priority } from '../../protocol/types';
import { useNow } from '../../ui/hooks';
import { Icon } from '../../ui/icons';
import { moment } from '../../ui/time';
import { useConsole, useTextsOf } from '../context';
import { pageHref } from '../router';
import { dueState } from './due';
import './tickets.css';

export const STATUSES = ['new', 'open', 'pending', 'solved', 'closed'] as const;
export const STATUS_TEXTS = {
  new: 'statusNew',
  open: 'statusOpen',
  pending: 'statusPending',
  solved: 'statusSolved',
  closed: 'statusClosed',
} as const satisfies Record<TicketStatus, string>;
const STATUS_ICONS = {
  new: 'info',
  open: 'reply',
  pending: 'pause',
  solved: 'check',
  closed: 'lock',
} as const satisfies Record<TicketStatus, string>;

export const PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const;
export const PRIORITY_TEXTS = {
  low: 'priorityLow',
  normal: 'priorityNormal',
  high: 'priorityHigh',
  urgent: 'priorityUrgent',
} as const satisfies Record<Priority, string>;

/** A visitor left it while nobody was there: only such tickets say how to be reached. */
export function isOffline({ contact }: Ticket): boolean {
  return contact.email !== '' || contact.phone !== '';
}

export function StatusTag({ status }: { status: TicketStatus }) {
  const { t } = useTextsOf(texts);
  return (
    <span class={`ticket-status is-${status}`}>
      <Icon name={STATUS_ICONS[status]} size={12} />
      {t(STATUS_TEXTS[status])}
    </span>
  );
}

export function PriorityMark({ priority }: { priority: Priority }) {
  const { t } = useConsole().i18n;
  return (
    <span class={`ticket-priority is-${priority}`}>
      <Icon name="flag" size={12} filled={priority === 'high' || priority === 'urgent'} />
      {t(PRIORITY_TEXTS[priority])}
    </span>
  );
}

interface DueMarkProps {
  ticket: Ticket;
  /** The time itself stands elsewhere. */
  bare?: boolean;
}

export function DueMark({ ticket, bare = false }: DueMarkProps) {
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const now = useNow(60_000);
  if (!ticket.due_at) return null;
  const state = dueState(ticket, now);
  if (bare && state !== 'over') return null;
  return (
    <span class={`ticket-due is-${state}`}>
      <Icon name={state === 'over' ? 'alert' : 'clock'} size={12} />
      {state === 'over' && <span>{t('overdue')}</span>}
      {!bare && <time dateTime={ticket.due_at}>{moment(ticket.due_at, i18n)}</time>}
    </span>
  );
}

export function OfflineMark() {
  const { t } = useTextsOf(texts);
  return (
    <span class="ticket-offline">
      <Icon name="mail" size={12} />
      {t('offline')}
    </span>
  );
}

/** A ticket among other things: two lines that lead to it. */
export function TicketRow({ ticket }: { ticket: Ticket }) {
  return (
    <a class="ticket-row" href={pageHref('tickets', [ticket.id])}>
      <span class="ticket-row-subject">
        <span class="ticket-number">#{ticket.number}</span> {ticket.subject}
      </span>
      <span class="ticket-row-marks">
        <StatusTag status={ticket.status} />
        {ticket.priority !== 'normal' && <PriorityMark priority={ticket.priority} />}
        {isOffline(ticket) && <OfflineMark />}
        <DueMark ticket={ticket} />
      </span>
    </a>
  );
}
