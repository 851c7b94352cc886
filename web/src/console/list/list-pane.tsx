import { useState } from 'preact/hooks';
import type { Conversation, View } from '../../protocol/types';
import { Avatar } from '../../ui/avatar';
import { Icon } from '../../ui/icons';
import { useNow, useSlow } from '../../ui/hooks';
import { ago } from '../../ui/time';
import { accept } from '../chat/accept';
import { useConsole, useDesk, visitorName } from '../context';
import { draftOf } from '../chat/drafts';
import { href, route } from '../router';
import { isUnread, VIEWS } from './views';

const TITLES = {
  mine: 'viewMine',
  waiting: 'viewWaiting',
  all: 'viewAll',
  ended: 'viewEnded',
} as const;
const WAITING_TOO_LONG_MS = 120_000;
const MORE_PX = 300;

export function ListPane() {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const { view, conversation } = route.value;
  return (
    <section class="list-pane" aria-label={t('inbox')}>
      <h1 class="list-title">{t('inbox')}</h1>
      <nav class="tabs" aria-label={t('views')}>
        {VIEWS.map((each, index) => {
          const page = desk.pages.value[each];
          const count = desk.rows.value[each].length;
          return (
            <a
              key={each}
              class="tab"
              href={href(each, conversation)}
              aria-current={view === each ? 'page' : undefined}
              title={`Alt+${index + 1}`}
            >
              {t(TITLES[each])}
              {page.status === 'ready' && (
                <span class={`count ${each === 'waiting' && count > 0 ? 'is-warn' : ''}`}>
                  {count}
                  {page.cursor !== null && '+'}
                </span>
              )}
            </a>
          );
        })}
      </nav>
      <List view={view} />
    </section>
  );
}

function List({ view }: { view: View }) {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const now = useNow(30_000);
  const page = desk.pages.value[view];
  const rows = desk.rows.value[view];
  const slow = useSlow(page.status === 'loading', 150);

  if (page.status === 'error') {
    return (
      <div class="pane-state" role="alert">
        <Icon name="alert" size={28} />
        <p>{t('listFailed')}</p>
        <button type="button" class="button" onClick={() => void desk.retry(view)}>
          {t('retry')}
        </button>
      </div>
    );
  }
  if (page.status === 'loading') {
    return (
      <div class="skeleton-list" role="status" aria-label={t('loading')}>
        {slow && [0, 1, 2, 3].map((each) => <i key={each} />)}
      </div>
    );
  }
  if (rows.length === 0) return <Empty view={view} />;
  return (
    <ul
      class="list-rows"
      aria-label={t('listLabel', { view: t(TITLES[view]) })}
      onKeyDown={(event) => {
        const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
        if (by === 0) return;
        event.preventDefault();
        const links = [...event.currentTarget.querySelectorAll<HTMLElement>('a')];
        links[links.indexOf(document.activeElement as HTMLElement) + by]?.focus();
      }}
      onScroll={({ currentTarget: list }) => {
        const below = list.scrollHeight - list.scrollTop - list.clientHeight;
        if (below < MORE_PX && page.more === 'idle') void desk.more(view);
      }}
    >
      {rows.map((row) => (
        <Row key={row.id} view={view} conversation={row} now={now} />
      ))}
      {page.cursor !== null && (
        <li class="list-more">
          <button
            type="button"
            class="link-button"
            disabled={page.more === 'loading'}
            onClick={() => void desk.more(view)}
          >
            {t(page.more === 'loading' ? 'loading' : page.more === 'error' ? 'retry' : 'loadMore')}
          </button>
        </li>
      )}
    </ul>
  );
}

interface RowProps {
  view: View;
  conversation: Conversation;
  now: number;
}

function Row({ view, conversation, now }: RowProps) {
  const desk = useDesk();
  const { i18n } = useConsole();
  const { t, count } = i18n;
  const { id, visitor, last_message: last, state, assignee } = conversation;
  const me = desk.me.value;
  const name = visitorName(visitor, i18n);
  const current = route.value.conversation === id;
  const unread = isUnread(conversation) && !current;
  const fresh = desk.unread.value.get(id) ?? 0;
  const queued = state === 'queued';
  const since = queued
    ? (conversation.queued_at ?? conversation.created_at)
    : conversation.updated_at;
  const late = queued && now - Date.parse(since) > WAITING_TOO_LONG_MS;
  const draft = draftOf(id);
  const begun = draft.reply || draft.note;
  const others = view === 'all' || view === 'ended' ? assignee && assignee.id !== me.id : null;
  return (
    <li>
      <a
        class={`row ${unread ? 'is-unread' : ''} ${late ? 'is-late' : ''}`}
        href={href(view, id)}
        aria-current={current ? 'true' : undefined}
      >
        <Avatar name={name} seed={visitor.id} size={36} />
        <span class="row-body">
          <span class="row-line">
            <span class="row-name">{name}</span>
            {visitor.verified && <Icon name="shield" size={14} label={t('verified')} />}
            <time class="row-time" dateTime={since}>
              {queued && <Icon name="clock" size={12} />}
              {ago(since, i18n, now)}
            </time>
          </span>
          <span class="row-line">
            <span class="row-text">
              {desk.typing.value.has(id) ? (
                <em>{t('typing', { name })}</em>
              ) : begun && !current ? (
                <>
                  <span class="row-draft">{t('draft')}</span>
                  {begun}
                </>
              ) : last ? (
                <>
                  {last.kind === 'note' && <Icon name="lock" size={12} label={t('internalNote')} />}
                  {last.from.kind === 'agent' && last.from.id === me.id && t('prefixYou')}
                  {last.text}
                </>
              ) : (
                t('noMessage')
              )}
            </span>
            {unread && (
              <span
                class={`badge ${fresh === 0 ? 'is-dot' : ''}`}
                title={fresh > 0 ? count('unread', fresh) : t('unreadSome')}
              >
                <span aria-hidden="true">{fresh > 99 ? '99+' : fresh > 0 ? fresh : ''}</span>
                <span class="visually-hidden">
                  {fresh > 0 ? count('unread', fresh) : t('unreadSome')}
                </span>
              </span>
            )}
          </span>
          {(others || view === 'all' || state === 'pending') && (
            <span class="row-line row-tags">
              <StateTag state={state} />
              <span class="row-inbox">{conversation.inbox.name}</span>
              {others && <span class="row-inbox">{assignee?.name}</span>}
            </span>
          )}
        </span>
      </a>
    </li>
  );
}

const STATES = {
  new: ['stateNew', 'info'],
  queued: ['stateQueued', 'clock'],
  open: ['stateOpen', 'reply'],
  pending: ['statePending', 'pause'],
  resolved: ['stateResolved', 'check'],
} as const;

export function StateTag({ state }: { state: Conversation['state'] }) {
  const { t } = useConsole().i18n;
  const [text, icon] = STATES[state];
  return (
    <span class={`state-tag is-${state}`}>
      <Icon name={icon} size={12} />
      {t(text)}
    </span>
  );
}

function Empty({ view }: { view: View }) {
  const desk = useDesk();
  const { t, count } = useConsole().i18n;
  const waiting = desk.rows.value.waiting;
  if (view === 'mine') {
    return (
      <div class="pane-state">
        <Icon name="check" size={28} />
        <p class="pane-title">{t('emptyMine')}</p>
        <p>{t('emptyMineHint')}</p>
        {waiting[0] && (
          <>
            <p>{count('emptyMineWaiting', waiting.length)}</p>
            <button
              type="button"
              class="button is-primary"
              disabled={desk.busy.value}
              onClick={() => void accept(desk, waiting[0]!.id)}
            >
              {t('takeOldest')}
            </button>
          </>
        )}
      </div>
    );
  }
  const [title, hint] = {
    waiting: ['emptyWaiting', 'emptyWaitingHint'],
    all: ['emptyAll', 'emptyAllHint'],
    ended: ['emptyEnded', 'emptyEndedHint'],
  }[view] as ['emptyWaiting', 'emptyWaitingHint'];
  return (
    <div class="pane-state">
      <Icon name={view === 'waiting' ? 'clock' : 'inbox'} size={28} />
      <p class="pane-title">{t(title)}</p>
      <p>{t(hint)}</p>
      {view === 'all' && <Snippet />}
    </div>
  );
}

/** The one line that puts the chat on a site. */
function Snippet() {
  const { t } = useConsole().i18n;
  const [copied, setCopied] = useState(false);
  const loader = new URL('../widget/loader.js', location.href).href;
  const line = `<script async src="${loader}" data-inbox="web"></script>`;
  return (
    <div class="snippet">
      <code>{line}</code>
      <button
        type="button"
        class="button"
        onClick={() => {
          void navigator.clipboard?.writeText(line).then(() => setCopied(true));
        }}
      >
        <Icon name={copied ? 'check' : 'copy'} size={16} />
        {t(copied ? 'copied' : 'copy')}
      </button>
    </div>
  );
}
