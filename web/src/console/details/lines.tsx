import type { Message, MessageKind } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { clock, day } from '../../ui/time';
import { type ConsoleI18n, useConsole } from '../context';

/** A conversation to be read, not to be answered: who said what, line by line. */
export function Lines({ messages }: { messages: readonly Message[] }) {
  const { i18n } = useConsole();
  const { t } = i18n;
  const said = messages.filter((message) => message.kind !== 'event');
  if (said.length === 0) return <p class="details-state">{t('noMessage')}</p>;
  let lastDay = '';
  return (
    <ol class="lines">
      {said.map((message) => {
        const today = day(message.created_at, i18n);
        const isNew = today !== lastDay;
        lastDay = today;
        return (
          <li key={message.seq} class={`line from-${message.from.kind} is-${message.kind}`}>
            {isNew && <p class="line-day">{today}</p>}
            <p class="line-meta">
              {message.kind === 'note' && <Icon name="lock" size={12} label={t('internalNote')} />}
              <span>{message.from.name || t('visitorSaid')}</span>
              <time dateTime={message.created_at}>{clock(message.created_at)}</time>
            </p>
            <p class="line-text">{wordsOf(message, i18n)}</p>
          </li>
        );
      })}
    </ol>
  );
}

const KIND_TEXTS = {
  text: 'lineEmpty',
  note: 'lineEmpty',
  event: 'lineEmpty',
  image: 'lineImage',
  file: 'lineFile',
  voice: 'lineVoice',
  video: 'lineVideo',
  location: 'lineLocation',
  card: 'lineCard',
  form: 'lineForm',
} as const satisfies Record<MessageKind, string>;

type Said = Pick<Message, 'kind' | 'text'> & Partial<Pick<Message, 'data' | 'revision'>>;

/** A message in one line: its text, or what stands for it. */
export function wordsOf({ kind, text, data, revision }: Said, { t }: ConsoleI18n): string {
  if (revision === 'recalled') return t('lineRecalled');
  if (revision === 'erased') return t('lineErased');
  if (text) return text;
  const name = data?.['name'] ?? data?.['title'];
  return typeof name === 'string' && name !== ''
    ? `${t(KIND_TEXTS[kind])} ${name}`
    : t(KIND_TEXTS[kind]);
}
