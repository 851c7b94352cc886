import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { texts } from '../../i18n/customers';
import type { Customer } from '../../protocol/people';
import { Avatar } from '../../ui/avatar';
import { Icon } from '../../ui/icons';
import { day } from '../../ui/time';
import { useConsole, useDesk, useTextsOf, visitorName } from '../context';
import { Loaded } from '../loaded';
import { More } from '../more';
import type { Paged } from '../paged';
import { pageHref, route } from '../router';
import { customerName } from './names';
import { useCustomerSearch, useSettled } from './search';

const RECENT_SHOWN = 20;

export function CustomerList() {
  const { t } = useTextsOf(texts);
  const { i18n } = useConsole();
  const [text, setText] = useState(route.value.query.get('q') ?? '');
  const found = useCustomerSearch(text);
  useInAddress(text, setText);
  return (
    <div class="people-page">
      <header class="people-head">
        <h1>{i18n.t('customers')}</h1>
        <div class="search-field">
          <Icon name="search" />
          <input
            class="input"
            type="search"
            autoComplete="off"
            aria-label={t('searchLabel')}
            aria-describedby="customer-search-hint"
            placeholder={t('searchLabel')}
            value={text}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        </div>
        <p class="hint" id="customer-search-hint">
          {t('searchHint')}
        </p>
      </header>
      {found ? (
        <Loaded of={found.load} pane>
          {(all) => <Found all={all} paged={found} text={text} />}
        </Loaded>
      ) : (
        <Recent />
      )}
    </div>
  );
}

/** Keeps what is looked for in the address, and looks for what another address says. */
function useInAddress(text: string, setText: (text: string) => void): void {
  const settled = useSettled(text).trim();
  const wanted = route.value.query.get('q') ?? '';
  useEffect(() => {
    const { page, path, query } = route.peek();
    if (page !== 'customers' || path.length > 0 || (query.get('q') ?? '') === settled) return;
    location.replace(pageHref('customers', [], settled === '' ? {} : { q: settled }));
  }, [settled]);
  // Before anybody can type on: what is typed meanwhile is not taken away.
  useLayoutEffect(() => {
    if (wanted !== settled) setText(wanted);
  }, [wanted]);
}

interface FoundProps {
  all: readonly Customer[];
  paged: Paged<Customer>;
  text: string;
}

function Found({ all, paged, text }: FoundProps) {
  const { t, count } = useTextsOf(texts);
  const { i18n } = useConsole();
  if (all.length === 0 && !paged.hasMore) {
    return (
      <div class="pane-state">
        <Icon name="search" size={28} />
        <p class="pane-title">{t('noMatch', { text: text.trim() })}</p>
        <p>{t('noMatchHint')}</p>
      </div>
    );
  }
  return (
    <>
      <p class="hint" role="status">
        {paged.hasMore ? t('foundMore', { n: all.length }) : count('found', all.length)}
      </p>
      <table class="people-table">
        <thead>
          <tr>
            <th scope="col">{i18n.t('name')}</th>
            <th scope="col">{i18n.t('phone')}</th>
            <th scope="col">{i18n.t('email')}</th>
            <th scope="col">{t('changed')}</th>
          </tr>
        </thead>
        <tbody>
          {all.map((each) => (
            <tr key={each.id}>
              <td>
                <a class="person-link" href={pageHref('customers', [each.id])}>
                  <Avatar name={customerName(each, i18n)} seed={each.id} size={28} />
                  {customerName(each, i18n)}
                </a>
              </td>
              <td data-label={i18n.t('phone')}>{each.phone || '–'}</td>
              <td data-label={i18n.t('email')}>{each.email || '–'}</td>
              <td data-label={t('changed')}>
                <time dateTime={each.updated_at}>{day(each.updated_at, i18n)}</time>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <More paged={paged} />
    </>
  );
}

/** Whom the desk knows from its conversations, for there is no list of everybody. */
function Recent() {
  const desk = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const seen = new Set<string>();
  const recent = [...desk.conversations.value.values()]
    .sort((a, b) => (a.updated_at < b.updated_at ? 1 : -1))
    .filter(({ visitor }) => !seen.has(visitor.id) && seen.add(visitor.id))
    .slice(0, RECENT_SHOWN);
  if (recent.length === 0) {
    return (
      <div class="pane-state">
        <Icon name="people" size={28} />
        <p class="pane-title">{t('searchFirst')}</p>
        <p>{t('searchHint')}</p>
      </div>
    );
  }
  return (
    <section aria-labelledby="recent-customers">
      <h2 id="recent-customers" class="people-part">
        {t('recent')}
      </h2>
      <ul class="recent-people">
        {recent.map(({ visitor, inbox }) => (
          <li key={visitor.id}>
            <a class="person-link" href={pageHref('customers', [visitor.id])}>
              <Avatar name={visitorName(visitor, i18n)} seed={visitor.id} size={36} />
              <span>
                {visitorName(visitor, i18n)}
                <span class="hint">{inbox.name}</span>
              </span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
