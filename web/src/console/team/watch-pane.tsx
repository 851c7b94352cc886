import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { Conversation, Person } from '../../protocol/types';
import { useSlow } from '../../ui/hooks';
import { Icon } from '../../ui/icons';
import { TimelineView } from '../../ui/timeline-view';
import { eventText } from '../chat/event-text';
import { useConsole, useDesk, visitorName } from '../context';
import { isMine } from '../list/views';
import { may } from '../pages';
import { href } from '../router';
import { useShortcut } from '../shell/shortcuts';
import { teamHref } from './address';
import { useTeamTexts } from './context';
import { standingOf } from './live';
import { StandingTag } from './live-row';
import { Oversee } from './oversee';
import { Watch } from './watch';
import { WriteField } from './write-field';

/** One conversation beside the list: to look on, whisper, take part or take over. */
export function WatchPane({ id }: { id: string }) {
  const desk = useDesk();
  const { t } = useTeamTexts();
  const watch = useMemo(() => new Watch(desk, id), [desk, id]);
  const pane = useRef<HTMLElement>(null);
  const close = () => {
    location.hash = teamHref(null);
    const rows = document.querySelector('.live-rows');
    const row =
      rows?.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"] > a`) ??
      rows?.querySelector<HTMLElement>('a[tabindex="0"]');
    row?.focus();
  };
  useShortcut('escape', close);
  // Before it is painted: whoever sees it may have gone on to one of its fields.
  useLayoutEffect(() => pane.current?.focus({ preventScroll: true }), [watch]);
  useEffect(() => () => watch.close(), [watch]);
  return (
    <section
      ref={pane}
      class="watch-pane"
      tabIndex={-1}
      aria-label={t('watching')}
    >
      <WatchHead watch={watch} close={close} />
      <WatchBody watch={watch} />
    </section>
  );
}

function WatchHead({ watch, close }: { watch: Watch; close(): void }) {
  const { i18n } = useConsole();
  const { t } = useTeamTexts();
  const conversation = watch.conversation.value;
  return (
    <header class="watch-head">
      <div class="watch-title">
        <h2>{conversation ? visitorName(conversation.visitor, i18n) : t('watching')}</h2>
        {conversation && <WatchFacts conversation={conversation} />}
      </div>
      {conversation && (
        <a
          class="icon-button"
          href={href('all', conversation.id)}
          title={t('openInDesk')}
          aria-label={t('openInDesk')}
        >
          <Icon name="inbox" size={18} />
        </a>
      )}
      <button type="button" class="icon-button" aria-label={i18n.t('close')} onClick={close}>
        <Icon name="close" size={18} />
      </button>
    </header>
  );
}

function WatchFacts({ conversation }: { conversation: Conversation }) {
  const { i18n } = useConsole();
  const { t } = useTeamTexts();
  const { state, assignee, inbox } = conversation;
  return (
    <p>
      {state === 'resolved' ? (
        <span class="state-tag is-resolved">
          <Icon name="check" size={12} />
          {i18n.t('stateResolved')}
        </span>
      ) : (
        <StandingTag standing={standingOf(conversation)} />
      )}
      <span>{assignee?.name ?? t('noAgent')}</span>
      <span>{inbox.name}</span>
    </p>
  );
}

const FAILURES = { forbidden: 'chatForbidden', gone: 'chatGone', error: 'chatFailed' } as const;

function WatchBody({ watch }: { watch: Watch }) {
  const desk = useDesk();
  const { i18n } = useConsole();
  const status = watch.status.value;
  const conversation = watch.conversation.value;
  const slow = useSlow(status === 'loading', 150);
  const { id, name } = desk.me.value;
  const me = useMemo<Person>(() => ({ kind: 'agent', id, name }), [id, name]);
  const outbox = useMemo(
    () => desk.outbox.value.filter((entry) => entry.conversation_id === watch.id),
    [desk.outbox.value, watch.id],
  );
  if (status === 'forbidden' || status === 'gone' || status === 'error') {
    return (
      <div class="pane-state" role="alert">
        <Icon name={status === 'error' ? 'alert' : 'lock'} size={28} />
        <p>{i18n.t(FAILURES[status])}</p>
        {status === 'error' && (
          <button type="button" class="button" onClick={() => void watch.load()}>
            {i18n.t('retry')}
          </button>
        )}
      </div>
    );
  }
  if (status === 'loading' || conversation === null) {
    return (
      <div class="skeleton-chat" role="status" aria-label={i18n.t('loading')}>
        {slow && [44, 30, 52].map((width) => <i key={width} style={{ width: `${width}%` }} />)}
      </div>
    );
  }
  const visitor = visitorName(conversation.visitor, i18n);
  return (
    <>
      <Standing watch={watch} conversation={conversation} />
      <TimelineView
        side="agent"
        me={me}
        label={i18n.t('timeline', { name: visitor })}
        history={watch.history.value}
        outbox={outbox}
        readSeq={conversation.visitor_read_seq}
        typing={desk.typing.value.get(watch.id) ?? null}
        nameOf={(person) => (person.kind === 'visitor' ? visitor : person.name)}
        eventText={(message) => eventText(message, i18n)}
        onOlder={() => watch.older()}
        onResend={(clientId) => desk.client.resend(clientId)}
        onDiscard={(clientId) => desk.client.discard(clientId)}
      />
      {may(desk.me.value, 'conversations.all') && (
        <footer class="watch-foot">
          <WriteField watch={watch} conversation={conversation} />
          <Oversee watch={watch} conversation={conversation} />
        </footer>
      )}
    </>
  );
}

/** Who knows that somebody looks on. */
function Standing({ watch, conversation }: { watch: Watch; conversation: Conversation }) {
  const { t } = useTeamTexts();
  const me = useDesk().me.value;
  const text = isMine(conversation, me)
    ? t('isYours')
    : watch.takesPart
      ? t('youJoined', { name: conversation.assignee?.name ?? '' })
      : t('youWatch');
  return (
    <p class={`watch-note ${watch.takesPart ? 'is-joined' : ''}`} role="status">
      <Icon name={watch.takesPart ? 'join' : 'eye'} size={16} />
      {text}
    </p>
  );
}
