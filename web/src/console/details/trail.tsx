import type { PageVisit } from '../../protocol/people';
import { useNow } from '../../ui/hooks';
import { ago, moment } from '../../ui/time';
import { useConsole } from '../context';

/** Pages that a visitor looked at, newest first. */
export function Trail({ pages }: { pages: readonly PageVisit[] }) {
  const { i18n } = useConsole();
  const now = useNow(60_000);
  return (
    <ul class="trail">
      {pages.map((page) => (
        <li key={`${page.at} ${page.url}`}>
          <PageLink page={page} />
          <time dateTime={page.at} title={moment(page.at, i18n)}>
            {ago(page.at, i18n, now)}
          </time>
        </li>
      ))}
    </ul>
  );
}

/** The title leads to the page; an address that is none is only shown. */
export function PageLink({ page }: { page: PageVisit }) {
  const text = page.title || page.url;
  const isAddress = /^https?:\/\//.test(page.url);
  return (
    <span class="page-link">
      {isAddress ? (
        <a href={page.url} target="_blank" rel="noreferrer noopener" title={page.url}>
          {text}
        </a>
      ) : (
        text
      )}
      {page.title && <span class="hint">{page.url}</span>}
    </span>
  );
}
