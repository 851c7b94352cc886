import type { Signal } from '@preact/signals';
import { createI18n, type Locale } from '../../i18n';
import { texts as moreTexts } from '../../i18n/more';
import { texts } from '../../i18n/widget-extras';
import type { Message } from '../../protocol/types';
import { sharedEventText } from '../../ui/event-text';

/** What happened, in the visitor's words. */
export function eventText(message: Message, locale: Signal<Locale>): string {
  const { t } = createI18n(texts, locale);
  const { code, agent: person, score = '' } = message.event ?? {};
  const agent = person?.name ?? '';
  switch (code) {
    case 'queued':
      return t('eventQueued');
    case 'assigned':
      return t('eventAssigned', { agent });
    case 'transferred':
      return agent ? t('eventTransferred', { agent }) : t('eventTransferredQueue');
    case 'pending':
      return t('eventPending');
    case 'resolved':
      return t(message.event?.by?.kind === 'visitor' ? 'eventEnded' : 'eventResolved');
    case 'reopened':
      return t('eventReopened');
    case 'rated':
      return t('eventRated', { score });
    default:
      return sharedEventText(message, createI18n(moreTexts, locale)) ?? message.text;
  }
}
