import type { Message } from '../protocol/types';
import type { MoreI18n } from './more-texts';

/** What happened, in words that fit both sides; null for what each side says in its own. */
export function sharedEventText({ event }: Message, { t }: MoreI18n): string | null {
  const agent = event?.agent?.name ?? '';
  switch (event?.code) {
    case 'rating_invited':
      return t('eventRatingInvited');
    case 'idle_warned':
      return t('eventIdleWarned');
    case 'joined':
      return t('eventJoined', { agent });
    case 'left':
      return t('eventLeft', { agent });
    case 'taken_over':
      return t('eventTakenOver', { agent });
    case 'handed_over':
      return t('eventHandedOver');
    case 'erased':
      return t('eventErased');
    default:
      return null;
  }
}
