import type { Message } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { useConsole } from '../context';

/** How a conversation ended, as the agent said who ended it. */
export interface Summary {
  category?: string;
  solved?: boolean;
}

/** What the server puts in place of words where an agent wrote none. */
const STAND_IN = '[summary]';

/** What a note says of the end; null for all other messages. */
export function summaryOf({ kind, data, revision }: Message): Summary | null {
  const summary = kind === 'note' && !revision ? data?.['summary'] : undefined;
  return typeof summary === 'object' && summary !== null ? summary : null;
}

const bare = new WeakMap<Message, Message>();

/** The same message each time, without the words that only stand for a summary. */
export function unworded(message: Message): Message {
  if (message.text !== STAND_IN) return message;
  const without = bare.get(message) ?? { ...message, text: '' };
  bare.set(message, without);
  return without;
}

export function isStandIn(text: string): boolean {
  return text === STAND_IN;
}

/** What it was about, and whether it is solved. */
export function SummaryLine({ summary }: { summary: Summary }) {
  const { t } = useConsole().i18n;
  const { category, solved } = summary;
  return (
    <p class="summary-line">
      <strong>{t('summary')}</strong>
      {category !== undefined && <span>{category}</span>}
      {solved !== undefined && (
        <span class={solved ? 'is-ok' : 'is-open'}>
          <Icon name={solved ? 'check' : 'close'} size={14} />
          {t(solved ? 'summarySolved' : 'summaryUnsolved')}
        </span>
      )}
    </p>
  );
}
