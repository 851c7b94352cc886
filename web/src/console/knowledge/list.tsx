import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { texts } from '../../i18n/knowledge';
import type { Page } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { useLoad } from '../../ui/load';
import { moment } from '../../ui/time';
import { useConsole, useDesk, useTextsOf } from '../context';
import { useFailure } from '../forms/failure';
import { Loaded } from '../loaded';
import { may } from '../pages';
import { pageHref, route } from '../router';
import {
  type Article,
  type Category,
  type FoundArticle,
  LANGUAGES,
  nameOf,
  type Range,
  STATES,
  titleOf,
} from './shapes';
import { useCategories, useInboxes } from './lists';
import { useLanguage } from './use-language';

const FILTERS = ['q', 'state', 'category', 'inbox', 'language'] as const;
type Filter = (typeof FILTERS)[number];
type Filters = Record<Filter, string>;
const SEARCH_AFTER_MS = 300;

/** The filters stand in the address, so that a list can be come back to and passed on. */
function filtersOf(query: URLSearchParams): Filters {
  return Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? ''])) as Filters;
}

function setFilters(filters: Filters): void {
  const set = Object.entries(filters).filter(([, value]) => value !== '');
  location.replace(pageHref('knowledge', [], Object.fromEntries(set)));
}

export function ArticleList() {
  const { me } = useDesk();
  const { t } = useTextsOf(texts);
  const filters = filtersOf(route.value.query);
  const mayWrite = may(me.value, 'knowledge');
  return (
    <section class="knowledge-list">
      <header class="knowledge-head">
        <div>
          <h1>{t('title')}</h1>
          <p>{t(mayWrite ? 'lead' : 'leadRead')}</p>
        </div>
        {mayWrite && (
          <div class="button-row">
            <a class="button" href={pageHref('knowledge', ['categories'])}>
              {t('categories')}
            </a>
            <a class="button" href={pageHref('knowledge', ['new'])}>
              <Icon name="plus" size={16} />
              {t('articleNew')}
            </a>
          </div>
        )}
      </header>
      <FilterBar filters={filters} />
      {filters.q.trim() === '' ? <Articles filters={filters} /> : <Found filters={filters} />}
    </section>
  );
}

function FilterBar({ filters }: { filters: Filters }) {
  const { t } = useTextsOf(texts);
  const language = useLanguage();
  const categories = useCategories();
  const inboxes = useInboxes();
  const searching = filters.q.trim() !== '';
  const options = {
    state: STATES.map((state) => [state, t(`state_${state}`)] as const),
    category:
      categories.state.status === 'ready'
        ? categories.state.value.map((each) => [each.id, nameOf(each, language)] as const)
        : [],
    inbox:
      inboxes.state.status === 'ready'
        ? inboxes.state.value.map(({ id, name }) => [id, name] as const)
        : [],
    language: LANGUAGES.map((each) => [each, t(`language_${each}`)] as const),
  };
  return (
    <div class="article-filters" role="search" aria-label={t('filters')}>
      <SearchField value={filters.q} set={(q) => setFilters({ ...filters, q })} />
      {(['state', 'category', 'inbox', 'language'] as const).map((name) => (
        <select
          key={name}
          class="input"
          aria-label={t(`filter_${name}`)}
          value={filters[name]}
          disabled={searching && (name === 'state' || name === 'category')}
          onChange={(event) => setFilters({ ...filters, [name]: event.currentTarget.value })}
        >
          <option value="">{t(`all_${name}`)}</option>
          {options[name].map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      ))}
    </div>
  );
}

function SearchField({ value, set }: { value: string; set(q: string): void }) {
  const { t } = useTextsOf(texts);
  const [typed, setTyped] = useState(value);
  const sent = useRef(value);
  useEffect(() => {
    if (typed === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = typed;
      set(typed);
    }, SEARCH_AFTER_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  // Another address, as by the way back, says what is searched for. Before anybody can type on: what is typed meanwhile
  // is not taken away.
  useLayoutEffect(() => {
    if (value === sent.current) return;
    sent.current = value;
    setTyped(value);
  }, [value]);
  return (
    <input
      type="search"
      class="input"
      aria-label={t('search')}
      placeholder={t('search')}
      value={typed}
      onInput={(event) => setTyped(event.currentTarget.value)}
    />
  );
}

function Articles({ filters }: { filters: Filters }) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const failureText = useFailure();
  const [more, setMore] = useState<'idle' | 'loading' | { failure: unknown }>('idle');
  const { q: _, ...wanted } = filters;
  const query = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== ''));
  const articles = useLoad(`articles ${JSON.stringify(query)}`, (signal) =>
    api.get<Page<Article>>('articles', query, { signal }),
  );
  const categories = useCategories();
  const known = categories.state.status === 'ready' ? categories.state.value : [];
  const loadMore = async (page: Page<Article>) => {
    setMore('loading');
    try {
      const cursor = page.next_cursor ?? undefined;
      const next = await api.get<Page<Article>>('articles', { ...query, cursor });
      articles.set({ ...next, items: [...page.items, ...next.items] });
      setMore('idle');
    } catch (failure) {
      setMore({ failure });
    }
  };
  return (
    <Loaded of={articles} pane>
      {(page) => {
        if (page.items.length === 0) {
          return <Nothing filtered={Object.keys(query).length > 0} />;
        }
        return (
          <>
            <ul class="article-list" aria-label={t('title')}>
              {page.items.map((article) => (
                <ArticleRow key={article.id} article={article} categories={known} />
              ))}
            </ul>
            {typeof more === 'object' && (
              <p class="form-error" role="alert">
                {failureText(more.failure)}
              </p>
            )}
            {page.has_more && (
              <button
                type="button"
                class="button"
                disabled={more === 'loading'}
                onClick={() => void loadMore(page)}
              >
                {t('more')}
              </button>
            )}
          </>
        );
      }}
    </Loaded>
  );
}

function Nothing({ filtered }: { filtered: boolean }) {
  const { t } = useTextsOf(texts);
  return (
    <div class="pane-state">
      <Icon name="book" size={28} />
      <p class="pane-title">{t(filtered ? 'nothingFound' : 'emptyTitle')}</p>
      <p>{t(filtered ? 'nothingFoundHint' : 'empty')}</p>
    </div>
  );
}

function ArticleRow({
  article,
  categories,
}: {
  article: Article;
  categories: readonly Category[];
}) {
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const language = useLanguage();
  const category = categories.find(({ id }) => id === article.category_id);
  return (
    <li>
      <a class="article-row" href={pageHref('knowledge', [article.id])}>
        <span class="article-name">
          <strong>{titleOf(article, language)}</strong>
          <span class="hint">
            {category ? nameOf(category, language) : t('noCategory')} ·{' '}
            {LANGUAGES.filter((each) => article.texts[each])
              .map((each) => t(`language_${each}`))
              .join(' / ')}{' '}
            · {t('changed', { time: moment(article.updated_at, i18n) })}
          </span>
        </span>
        <StateChip state={article.state} />
        <Figures article={article} />
      </a>
    </li>
  );
}

export function StateChip({ state }: { state: Article['state'] }) {
  const { t } = useTextsOf(texts);
  return <span class={`form-chip article-state is-${state}`}>{t(`state_${state}`)}</span>;
}

export function Figures({ article }: { article: Article }) {
  const { t } = useTextsOf(texts);
  const { uses, helped, not_helped } = article;
  return (
    <span class="article-figures hint">
      {t('uses', { n: uses })} · {t('votes', { helped, not: not_helped })}
    </span>
  );
}

function Found({ filters }: { filters: Filters }) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const { q, language, inbox } = filters;
  const query = { q, language: language || undefined, inbox: inbox || undefined };
  const found = useLoad(`found ${JSON.stringify(query)}`, (signal) =>
    api.get<Page<FoundArticle>>('articles/search', query, { signal }),
  );
  return (
    <Loaded of={found} pane>
      {({ items }) =>
        items.length === 0 ? (
          <Nothing filtered />
        ) : (
          <ul class="article-list" aria-label={t('title')}>
            {items.map((hit) => (
              <li key={`${hit.article_id} ${hit.language}`}>
                <a class="article-row" href={pageHref('knowledge', [hit.article_id])}>
                  <span class="article-name">
                    <strong>{highlighted(hit.title, hit.title_highlights)}</strong>
                    <span class="hint">
                      {hit.snippet.cut_before && '…'}
                      {highlighted(hit.snippet.text, hit.snippet.highlights)}
                      {hit.snippet.cut_after && '…'}
                    </span>
                  </span>
                  <span class="form-chip">{t(`language_${hit.language}`)}</span>
                </a>
              </li>
            ))}
          </ul>
        )
      }
    </Loaded>
  );
}

function highlighted(text: string, ranges: readonly Range[]): ComponentChildren {
  const pieces: ComponentChildren[] = [];
  let end = 0;
  for (const [from, to] of ranges) {
    if (from < end) continue;
    pieces.push(text.slice(end, from), <mark key={from}>{text.slice(from, to)}</mark>);
    end = to;
  }
  return [...pieces, text.slice(end)];
}
