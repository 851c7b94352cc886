import { texts } from '../../i18n/search';
import type { Hit } from '../../protocol/search';
import { Avatar } from '../../ui/avatar';
import { Highlighted } from '../../ui/highlighted';
import { Icon } from '../../ui/icons';
import { moment } from '../../ui/time';
import { useConsole, useTextsOf, visitorName } from '../context';
import { StateTag } from '../list/state-tag';
import { href } from '../router';
import { grouped, type HitGroup, type Search, type SearchState } from './search';

type Ready = Extract<SearchState, { status: 'ready' }>;

export function Results({ search, state, q }: { search: Search; state: Ready; q: string }) {
  const { i18n } = useConsole();
  const { t, count } = useTextsOf(texts);
  const { hits, cursor, more } = state;
  if (hits.length === 0) {
    return (
      <div class="pane-state">
        <Icon name="search" size={28} />
        <p class="pane-title">{cursor === null ? t('nothing', { q }) : t('nothingYet')}</p>
        {cursor === null ? <p>{t('nothingHint')}</p> : <More />}
      </div>
    );
  }
  return (
    <section class="search-results" aria-label={t('results')}>
      <h2>{cursor === null ? count('count', hits.length) : t('countMore', { n: hits.length })}</h2>
      {grouped(hits).map((group) => (
        <Group key={group.conversation.id} group={group} />
      ))}
      {cursor !== null && <More />}
    </section>
  );

  function More() {
    const text = more === 'loading' ? i18n.t('loading') : more === 'error' ? i18n.t('retry') : null;
    return (
      <button
        type="button"
        class="button"
        disabled={more === 'loading'}
        onClick={() => void search.more()}
      >
        {more === 'loading' && <span class="spinner" aria-hidden="true" />}
        {text ?? t('goOn')}
      </button>
    );
  }
}

function Group({ group }: { group: HitGroup }) {
  const { i18n } = useConsole();
  const { conversation, hits } = group;
  const { visitor, inbox, assignee, state } = conversation;
  const name = visitorName(visitor, i18n);
  return (
    <article class="search-group">
      <header>
        <Avatar name={name} seed={visitor.id} size={28} />
        <h3>
          <a href={href('all', conversation.id)}>{name}</a>
        </h3>
        <StateTag state={state} />
        <span class="hint">{[inbox.name, assignee?.name].filter(Boolean).join(' · ')}</span>
      </header>
      <ul>
        {hits.map((hit) => (
          <HitRow key={hit.message.seq} hit={hit} name={name} />
        ))}
      </ul>
    </article>
  );
}

function HitRow({ hit, name }: { hit: Hit; name: string }) {
  const { i18n } = useConsole();
  const { message, snippet, conversation } = hit;
  const who = message.from.kind === 'visitor' ? name : message.from.name;
  return (
    <li>
      <a class="search-hit" href={`${href('all', conversation.id)}?at=${message.seq}`}>
        <span class="search-meta">
          {message.kind === 'note' && (
            <Icon name="lock" size={12} label={i18n.t('internalNote')} />
          )}
          <span>{who}</span>
          <time dateTime={message.created_at}>{moment(message.created_at, i18n)}</time>
        </span>
        <span class="search-snippet">
          {snippet.cut_before && '…'}
          <Highlighted text={snippet.text} ranges={snippet.highlights} />
          {snippet.cut_after && '…'}
        </span>
      </a>
    </li>
  );
}
