import type { EventCode, Message } from '../../protocol/types';
import { sharedEventText } from '../../ui/event-text';
import { moment } from '../../ui/time';
import type { ConsoleI18n } from '../context';

const EXTERNAL = {
  'ticket.external.created': 'eventTicketCreated',
  'ticket.external.updated': 'eventTicketUpdated',
  'ticket.external.commented': 'eventTicketCommented',
  'ticket.external.failed': 'eventTicketFailed',
  'ticket.external.unknown': 'eventTicketUnknown',
} as const satisfies Partial<Record<EventCode, string>>;

type External = keyof typeof EXTERNAL;

const isExternalCode = (code: EventCode | undefined): code is External =>
  code !== undefined && code in EXTERNAL;

/** Whether it tells of a ticket in a system of others. */
export function isExternal({ event }: Message): boolean {
  return isExternalCode(event?.code);
}

function externalText(code: External, { data }: Message, { t }: ConsoleI18n): string {
  const word = (name: string) => (typeof data?.[name] === 'string' ? data[name] : '');
  // An erasure takes what it was about.
  if (word('service') === '') return t('eventTicketErased');
  return t(EXTERNAL[code], {
    service: word('service'),
    number: word('number'),
    reason: word('reason'),
  }).trim();
}

/** What an event says to agents; for codes of a later server its own words. */
export function eventText(message: Message, i18n: ConsoleI18n): string {
  const { t } = i18n;
  const { event } = message;
  if (!event) return message.text;
  if (isExternalCode(event.code)) return externalText(event.code, message, i18n);
  const agent = event.agent?.name ?? '';
  const by = event.by?.kind === 'agent' ? event.by.name : '';
  const own = by !== '' && event.by?.id === event.agent?.id;
  switch (event.code) {
    case 'queued':
      return t('eventQueued');
    case 'assigned':
      if (own) return t('eventAccepted', { agent });
      return by ? t('eventAssignedBy', { by, agent }) : t('eventAssigned', { agent });
    case 'transferred':
      if (!agent) return by ? t('eventTransferredQueueBy', { by }) : t('eventTransferredQueue');
      return by && !own ? t('eventTransferredBy', { by, agent }) : t('eventTransferred', { agent });
    case 'pending':
      if (event.until) {
        const time = moment(event.until, i18n);
        return by ? t('eventSnoozedBy', { by, time }) : t('eventSnoozed', { time });
      }
      return by ? t('eventPendingBy', { by }) : t('eventPending');
    case 'resolved':
      if (event.by?.kind === 'visitor') return t('eventEndedByVisitor');
      return by ? t('eventResolvedBy', { by }) : t('eventResolved');
    case 'reopened':
      // What nobody opened came back by itself.
      if (!event.by && agent) return t('eventWoken');
      return by ? t('eventReopenedBy', { by }) : t('eventReopened');
    case 'rating_invited':
      return by ? t('eventRatingInvitedBy', { by }) : t('eventRatingInvited');
    case 'rated':
      return t('eventRated', { score: event.score ?? '' });
    case 'handed_over':
      return t(event.by?.kind === 'visitor' ? 'eventHandedOverVisitor' : 'eventHandedOver');
    case 'edited':
      return by ? t('eventEditedBy', { by }) : t('eventEdited');
    case 'recalled':
      return by ? t('eventRecalledBy', { by }) : t('eventRecalled');
    default:
      return sharedEventText(message, i18n) ?? message.text;
  }
}
