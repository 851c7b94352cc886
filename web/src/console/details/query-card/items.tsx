import { texts } from '../../../i18n/cards';
import type { CardView } from '../../../protocol/cards';
import { moment } from '../../../ui/time';
import { standingOf } from '../../chat/standing';
import { useConsole, useDesk, useTextsOf } from '../../context';
import type { CardProps } from '../cards';
import { isAddress, timeOf, valueAt, wordsOf } from './value';
import { Address } from './written';

/** Of more there is a page of their own in the system that they come from. */
const SHOWN_MAX = 50;

interface ItemsProps extends Pick<CardProps, 'chat' | 'conversation'> {
  view: CardView;
  items: readonly unknown[];
}

export function Items({ view, items, chat, conversation }: ItemsProps) {
  const { me } = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const words = { yes: t('yes'), no: t('no') };
  const standing = standingOf(conversation, me.value);
  const isWriting =
    standing.replies || (standing.manages && chat.writing.draft.value.mode === 'note');
  const textAt = (item: unknown, path: string | undefined) =>
    path === undefined ? null : wordsOf(valueAt(item, path), words);
  return (
    <ul class="query-card-items">
      {items.slice(0, SHOWN_MAX).map((item, place) => {
        const title = textAt(item, view.title) ?? '–';
        const subtitle = textAt(item, view.subtitle);
        const link = textAt(item, view.link);
        const insert = textAt(item, view.insert);
        const at = view.at_time === undefined ? null : timeOf(valueAt(item, view.at_time));
        return (
          <li key={place}>
            <p class="query-card-title">
              {link !== null && isAddress(link) ? <Address href={link} text={title} /> : title}
            </p>
            {(subtitle !== null || at !== null) && (
              <p class="hint">
                {subtitle}
                {subtitle !== null && at !== null && ' · '}
                {at !== null && (
                  <time dateTime={new Date(at).toISOString()}>{moment(at, i18n)}</time>
                )}
              </p>
            )}
            {insert !== null && (
              <button
                type="button"
                class="link-button"
                disabled={!isWriting}
                aria-label={t('insertOf', { title })}
                onClick={() => chat.writing.insert(insert)}
              >
                {t('insert')}
              </button>
            )}
          </li>
        );
      })}
    </ul>
  );
}
