import { useSignal, useSignalEffect } from '@preact/signals';
import type { FoundArticle } from '../../protocol/types';
import { Avatar } from '../../ui/avatar';
import { Icon } from '../../ui/icons';
import { useWidget } from '../context';
import { search } from './requests';
import { useExtraTexts } from './texts';

const SEARCH_AFTER_MS = 300;
const REPLY_MINUTES_MAX = 120;

export function Home() {
  const { widget } = useWidget();
  const { t } = useExtraTexts();
  const greeting = widget.config.value?.greeting ?? '';
  const last = widget.line.shared.conversation.value?.last_message;
  const goesOn = !widget.isNew.value && !widget.isEnded.value;
  return (
    <div class="scroll">
      <h2 class="home-greeting">{greeting || t('homeTitle')}</h2>
      {goesOn ? (
        <button type="button" class="card is-link" onClick={() => (widget.view.value = 'chat')}>
          <span class="card-title">{t('continueChat')}</span>
          {last && <span class="card-hint one-line">{last.text}</span>}
        </button>
      ) : (
        <button
          type="button"
          class="button is-primary is-large"
          onClick={() => {
            widget.view.value = widget.attendedTo.value ? 'chat' : 'offline';
            if (widget.isEnded.value) void widget.startNew();
          }}
        >
          <Icon name="send" size={16} />
          {t('newChat')}
        </button>
      )}
      <Team />
      <ReplyTime />
      {widget.config.value?.articles && <Search />}
      <button type="button" class="link-button" onClick={() => (widget.view.value = 'list')}>
        {t('conversations')}
      </button>
    </div>
  );
}

/** Who is there, where the company wants that to be seen. */
function Team() {
  const { widget } = useWidget();
  const { t } = useExtraTexts();
  const { open, team = [] } = widget.config.value ?? {};
  if (!open || team.length === 0) return null;
  return (
    <ul class="home-team" aria-label={t('team')}>
      {team.map(({ id, name }) => (
        <li key={id}>
          <Avatar name={name} seed={id} size={36} />
          <span class="one-line">{name}</span>
        </li>
      ))}
    </ul>
  );
}

/** Nothing while nobody is there, and nothing that would promise more than some hours. */
function ReplyTime() {
  const { widget } = useWidget();
  const { t } = useExtraTexts();
  const config = widget.config.value;
  const minutes = Math.ceil((config?.reply_ms ?? Infinity) / 60_000);
  if (!config?.open || !config.agents_online || minutes > REPLY_MINUTES_MAX) return null;
  return <p class="card-hint home-reply">{t('repliesIn', { n: Math.max(1, minutes) })}</p>;
}

type Found =
  | { state: 'searching' | 'failed' }
  | { state: 'found'; q: string; hits: readonly FoundArticle[] };

/** Answers that are there already: before a search those that most people want. */
function Search() {
  const { widget } = useWidget();
  const { t, locale } = useExtraTexts();
  const q = useSignal('');
  const found = useSignal<Found>({ state: 'searching' });
  const language = locale.value === 'en' ? 'en' : 'zh';

  useSignalEffect(() => {
    const wanted = q.value.trim();
    const timer = setTimeout(
      () => {
        found.value = { state: 'searching' };
        search(widget, wanted || undefined, language).then(
          (hits) => {
            if (q.value.trim() === wanted) found.value = { state: 'found', q: wanted, hits };
          },
          () => {
            if (q.value.trim() === wanted) found.value = { state: 'failed' };
          },
        );
      },
      wanted === '' ? 0 : SEARCH_AFTER_MS,
    );
    return () => clearTimeout(timer);
  });

  const help = (...path: string[]) =>
    new URL(`../help/${[widget.inbox, ...path].map(encodeURIComponent).join('/')}`, location.href).href;
  return (
    <section class="card">
      <input
        class="input"
        type="search"
        value={q.value}
        placeholder={t('search')}
        aria-label={t('search')}
        onInput={(event) => (q.value = event.currentTarget.value)}
      />
      {found.value.state === 'found' && found.value.q === '' && (
        <h3 class="card-title">{t('topArticles')}</h3>
      )}
      <div role="status">
        <Hits found={found.value} />
      </div>
      {found.value.state === 'found' && (
        <ul class="hits">
          {found.value.hits.map(({ article_id, language, slug, title, snippet }) => (
            <li key={article_id}>
              <a href={help(language, slug)} target="_blank" rel="noopener" lang={language}>
                {title}
              </a>
              <p class="card-hint one-line">{snippet.text}</p>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Hits({ found }: { found: Found }) {
  const { t } = useExtraTexts();
  if (found.state === 'searching') return <p class="card-hint">{t('searching')}</p>;
  if (found.state === 'failed') return <p class="card-hint">{t('searchFailed')}</p>;
  if (found.state !== 'found' || found.hits.length > 0) return null;
  return <p class="card-hint">{t('nothingFound', { q: found.q })}</p>;
}
