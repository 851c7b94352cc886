import { texts } from '../../i18n/search';
import type { Ticket } from '../../protocol/people';
import type { FoundArticle, Page } from '../../protocol/types';
import { Icon, type IconName } from '../../ui/icons';
import { useLoad } from '../../ui/load';
import { useDesk, useTextsOf } from '../context';
import { may } from '../pages';
import { pageHref } from '../router';
import { hasWords } from '../tickets/words';

const SHOWN_MAX = 4;

/** Tickets and articles with the words that messages are searched for. */
export function Elsewhere({ q }: { q: string }) {
  const { me } = useDesk();
  const { t } = useTextsOf(texts);
  if (!hasWords(q)) return null;
  return (
    <>
      {may(me.value, 'tickets') && (
        <Found<Ticket>
          title={t('tickets')}
          icon="ticket"
          path="tickets"
          q={q}
          all={{ href: pageHref('tickets', [], { q }), text: t('ticketsAll') }}
          row={({ id, number, subject }) => ({
            key: id,
            href: pageHref('tickets', [id]),
            text: `#${number} ${subject}`,
          })}
        />
      )}
      <Found<FoundArticle>
        title={t('articles')}
        icon="book"
        path="articles/search"
        q={q}
        row={({ article_id: id, language, title }) => ({
          key: id + language,
          href: pageHref('knowledge', [id]),
          text: title,
          lang: language,
        })}
      />
    </>
  );
}

interface Row {
  key: string;
  href: string;
  text: string;
  lang?: string;
}

interface FoundProps<T> {
  title: string;
  icon: IconName;
  path: string;
  q: string;
  /** Where all of them are, when these are not all. */
  all?: { href: string; text: string };
  row(item: T): Row;
}

/** What was found beside messages; nothing where there is nothing. */
function Found<T>({ title, icon, path, q, all, row }: FoundProps<T>) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const { state, retry } = useLoad(`${path} ${q}`, (signal) =>
    api.get<Page<T>>(path, { q, limit: SHOWN_MAX }, { signal }),
  );
  if (state.status === 'error') {
    return (
      <p class="search-customers" role="alert">
        {t('elsewhereFailed', { what: title })}{' '}
        <button type="button" class="link-button" onClick={retry}>
          {t('goOn')}
        </button>
      </p>
    );
  }
  if (state.status !== 'ready' || state.value.items.length === 0) return null;
  const { items, has_more: hasMore } = state.value;
  return (
    <section class="search-customers" aria-label={title}>
      <h2>{title}</h2>
      <ul>
        {items
          .slice(0, SHOWN_MAX)
          .map(row)
          .map(({ key, href, text, lang }) => (
            <li key={key} class="search-customer is-one">
              <a href={href}>
                <Icon name={icon} size={16} />
                <span lang={lang}>{text}</span>
              </a>
            </li>
          ))}
      </ul>
      {hasMore && all && (
        <a class="link-button" href={all.href}>
          {all.text}
        </a>
      )}
    </section>
  );
}
