import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { texts } from '../../i18n/search';
import type { FoundCustomer } from '../../protocol/search';
import type { Page } from '../../protocol/types';
import { Avatar } from '../../ui/avatar';
import { useSlow } from '../../ui/hooks';
import { Icon } from '../../ui/icons';
import { useLoad } from '../../ui/load';
import { useConsole, useDesk, useTextsOf } from '../context';
import { may, PAGES } from '../pages';
import { pageHref, route } from '../router';
import { Elsewhere } from './elsewhere';
import { Filters } from './filters';
import { Results } from './results';
import { FILTERS, type Query, Search } from './search';
import './search.css';

const TEXT_MAX = 256;
const CUSTOMERS_MAX = 6;

/** Everything that was ever said, by its words. What is asked for stands in the address. */
export default function SearchPage() {
  const desk = useDesk();
  const { t } = useTextsOf(texts);
  const query = queryOf(route.value.query);
  const asked = JSON.stringify(query);
  const search = useMemo(() => new Search(desk.api), [desk]);
  const [text, setText] = useState(query.q);
  const field = useRef<HTMLInputElement>(null);

  // Before anybody can type on: what is typed meanwhile is not taken away.
  useLayoutEffect(() => setText(query.q), [asked]);
  useEffect(() => void search.run(query), [search, asked]);
  useEffect(() => () => search.close(), [search]);
  useLayoutEffect(() => field.current?.focus(), []);

  return (
    <div class="search-page">
      <h1>{t('title')}</h1>
      <form
        role="search"
        class="search-form"
        onSubmit={(event) => {
          event.preventDefault();
          show({ ...query, q: text.trim() });
        }}
      >
        <div class="search-field">
          <Icon name="search" size={18} />
          <input
            ref={field}
            type="search"
            class="input"
            aria-label={t('field')}
            placeholder={t('field')}
            maxLength={TEXT_MAX}
            value={text}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
          <button type="submit" class="button is-primary">
            {t('go')}
          </button>
        </div>
        <Filters query={query} onChange={(change) => show({ ...query, q: text.trim(), ...change })} />
      </form>
      {query.q !== '' && may(desk.me.value, 'customers') && <Customers query={query} />}
      <Elsewhere q={query.q.trim()} />
      <Outcome search={search} query={query} />
    </div>
  );
}

function Outcome({ search, query }: { search: Search; query: Query }) {
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const state = search.state.value;
  const slow = useSlow(state.status === 'loading', 150);
  switch (state.status) {
    case 'idle':
      return (
        <div class="pane-state">
          <Icon name="search" size={32} />
          <p>{t('hint')}</p>
        </div>
      );
    case 'loading':
      return (
        <div class="search-loading" role="status" aria-label={i18n.t('loading')}>
          {slow && [0, 1, 2].map((each) => <i key={each} />)}
        </div>
      );
    case 'denied':
      return (
        <div class="pane-state">
          <Icon name="lock" size={28} />
          <p>{i18n.t('errorForbidden')}</p>
        </div>
      );
    case 'error':
      return (
        <div class="pane-state" role="alert">
          <Icon name="alert" size={28} />
          <p>
            {state.error.status === 0
              ? i18n.t('unreachable')
              : state.error.status === 413
                ? t('tooLong')
                : t('failed', { detail: state.error.message })}
          </p>
          <button type="button" class="button" onClick={() => void search.run(query)}>
            {i18n.t('retry')}
          </button>
        </div>
      );
    case 'ready':
      return <Results search={search} state={state} q={query.q} />;
  }
}

/** Who is called so, or has this address or number. */
function Customers({ query }: { query: Query }) {
  const desk = useDesk();
  const { t } = useTextsOf(texts);
  const { state, retry } = useLoad(query.q, (signal) =>
    desk.api.get<Page<FoundCustomer>>('customers', { q: query.q, limit: CUSTOMERS_MAX }, { signal }),
  );
  if (state.status === 'error') {
    return (
      <p class="search-customers" role="alert">
        {t('customersFailed')}{' '}
        <button type="button" class="link-button" onClick={retry}>
          {t('goOn')}
        </button>
      </p>
    );
  }
  if (state.status !== 'ready' || state.value.items.length === 0) return null;
  const people = new Map(state.value.items.map((each) => [each.id, each]));
  const hasPage = PAGES.some(({ name }) => name === 'customers');
  return (
    <section class="search-customers" aria-label={t('customers')}>
      <h2>{t('customers')}</h2>
      <ul>
        {[...people.values()].map((customer) => {
          const name = customer.name || t('customerNoName', { id: customer.id.slice(-4) });
          const only = { ...query, customer_id: customer.id };
          return (
            <li key={customer.id} class="search-customer">
              <a href={hasPage ? pageHref('customers', [customer.id]) : addressOf(only)}>
                <Avatar name={name} seed={customer.id} size={28} />
                <span>
                  {name}
                  <span class="hint">{customer.email || customer.phone}</span>
                </span>
              </a>
              <a
                class="icon-button"
                href={addressOf(only)}
                aria-label={t('customerMessages', { name })}
                title={t('customerMessages', { name })}
              >
                <Icon name="search" size={16} />
              </a>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function queryOf(params: URLSearchParams): Query {
  const query: Query = { q: params.get('q')?.slice(0, TEXT_MAX) ?? '' };
  for (const name of FILTERS) {
    const value = params.get(name);
    if (value) query[name] = value;
  }
  return query;
}

function addressOf(query: Query): string {
  const set = Object.entries(query).filter(([, value]) => value !== '');
  return pageHref('search', [], Object.fromEntries(set));
}

function show(query: Query): void {
  location.hash = addressOf(query);
}
