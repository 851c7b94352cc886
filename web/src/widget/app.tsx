import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { LOCALE_NAMES, LOCALES } from '../i18n';
import type { Message } from '../protocol/types';
import { Avatar } from '../ui/avatar';
import { sharedEventText } from '../ui/event-text';
import { Icon } from '../ui/icons';
import { useNow, useSlow } from '../ui/hooks';
import { MessageField } from '../ui/message-field';
import { Popover } from '../ui/popover';
import { MessageText, TimelineView } from '../ui/timeline-view';
import { useWidget } from './context';
import { RatingCard } from './rating';

const FIELD_MAX_PX = 128;
const BANNER_AFTER_MS = 3_000;

export function App() {
  const { widget, i18n } = useWidget();
  const { t } = i18n;
  const name = widget.config.value?.name ?? '';

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !event.defaultPrevented && !event.isComposing) widget.close();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [widget]);

  return (
    <div
      class="widget"
      role="dialog"
      aria-modal={widget.modal.value}
      aria-label={t('title', { name })}
    >
      <Header />
      <Banner />
      <Body />
    </div>
  );
}

function Header() {
  const { widget, i18n } = useWidget();
  const { t } = i18n;
  const config = widget.config.value;
  const agent = widget.conversation.value?.assignee ?? null;
  const ended = widget.conversation.value?.state === 'resolved';
  const title = (!ended && agent?.name) || (config?.name ?? '');
  return (
    <header class="widget-header">
      {title !== '' && <Avatar name={title} seed={agent?.id ?? title} size={36} />}
      <div class="widget-heading">
        <h1>{title}</h1>
        {config && (
          <p>
            <span class={`dot ${config.agents_online ? 'is-online' : 'is-away'}`} />
            {t(config.agents_online ? 'online' : 'away')}
          </p>
        )}
      </div>
      <Popover
        label={t('menu')}
        className="icon-button"
        align="end"
        button={<Icon name="dots" size={20} />}
      >
        {(close) => (
          <div class="menu" role="group" aria-label={t('language')}>
            <p class="menu-title">{t('language')}</p>
            {LOCALES.map((locale) => (
              <button
                key={locale}
                type="button"
                class="menu-item"
                lang={locale}
                aria-pressed={i18n.locale.value === locale}
                onClick={() => {
                  i18n.locale.value = locale;
                  widget.keepLocale(locale);
                  close();
                }}
              >
                {LOCALE_NAMES[locale]}
                {i18n.locale.value === locale && <Icon name="check" size={16} />}
              </button>
            ))}
          </div>
        )}
      </Popover>
      <button
        type="button"
        class="icon-button"
        aria-label={t('close')}
        onClick={() => widget.close()}
      >
        <Icon name="close" size={20} />
      </button>
    </header>
  );
}

function Banner() {
  const { widget, i18n } = useWidget();
  const { phase } = widget.connection.value;
  const late = useSlow(phase === 'connecting' || phase === 'waiting', BANNER_AFTER_MS);
  if (!late || widget.screen.value !== 'ready') return null;
  return (
    <div class="banner is-warn" role="status">
      <span class="spinner" aria-hidden="true" />
      {i18n.t('reconnecting')}
      <button type="button" class="link-button" onClick={() => widget.wake()}>
        {i18n.t('retry')}
      </button>
    </div>
  );
}

function Body() {
  const { widget, i18n } = useWidget();
  const { t } = i18n;
  switch (widget.screen.value) {
    case 'ready':
      return <Chat />;
    case 'loading':
      return <Loading />;
    case 'replaced':
      return (
        <div class="pane-state">
          <p>{t('replaced')}</p>
          <button type="button" class="button" onClick={() => widget.wake()}>
            {t('useHere')}
          </button>
        </div>
      );
    case 'identity':
    case 'refused':
      return (
        <div class="pane-state">
          <Icon name="lock" size={28} />
          <p>{t(widget.screen.value === 'identity' ? 'identityRequired' : 'refused')}</p>
        </div>
      );
  }
}

function Loading() {
  const { widget, i18n } = useWidget();
  const slow = useSlow(true, 150);
  if (widget.failedLoad.value) {
    return (
      <div class="pane-state" role="alert">
        <Icon name="alert" size={28} />
        <p>{i18n.t('loadFailed')}</p>
        <button type="button" class="button" onClick={() => widget.wake()}>
          {i18n.t('retry')}
        </button>
      </div>
    );
  }
  return (
    <div class="skeleton-chat" aria-label={i18n.t('loading')} role="status">
      {slow && [58, 40, 66].map((width) => <i key={width} style={{ width: `${width}%` }} />)}
    </div>
  );
}

function Chat() {
  const { widget, i18n } = useWidget();
  const { t } = i18n;
  const config = widget.config.value;
  const conversation = widget.conversation.value;
  const state = conversation?.state ?? 'new';
  const waiting = state === 'queued' || (state === 'new' && widget.outbox.value.length > 0);
  return (
    <>
      <TimelineView
        side="visitor"
        me={widget.me.value}
        label={t('conversation', { name: config?.name ?? '' })}
        history={widget.history.value}
        outbox={widget.outbox.value}
        readSeq={conversation?.agent_read_seq ?? 0}
        typing={widget.typing.value}
        nameOf={(person) => person.name || (config?.name ?? '')}
        eventText={(message) => eventText(message, i18n)}
        onOlder={() => widget.older()}
        onResend={(id) => widget.resend(id)}
        onDiscard={(id) => widget.discard(id)}
        content={widget.content}
        progress={widget.progress.shares}
        unreadSeq={widget.unreadSeq.value}
        onReach={(seq) => widget.reach(seq)}
        before={config && config.greeting !== '' && !widget.history.value.hasOlder && <Greeting />}
        after={
          <>
            {waiting && <Waiting online={config?.agents_online ?? true} />}
            {state === 'resolved' && <RatingCard />}
          </>
        }
      />
      <Composer />
    </>
  );
}

function Greeting() {
  const { widget } = useWidget();
  const config = widget.config.value;
  if (!config) return null;
  return (
    <div class="group is-other is-bare">
      <Avatar name={config.name} seed={config.name} size={28} />
      <div class="group-column">
        <div class="bubble-line">
          <div class="bubble has-tail">
            <MessageText text={config.greeting} />
          </div>
        </div>
      </div>
    </div>
  );
}

function Waiting({ online }: { online: boolean }) {
  const { t } = useWidget().i18n;
  return (
    <section class="card waiting" role="status">
      <span class="spinner" aria-hidden="true" />
      <div>
        <p class="card-title">{t('queueTitle')}</p>
        <p class="card-hint">{t(online ? 'queueOnline' : 'queueAway')}</p>
      </div>
    </section>
  );
}

const DRAFT_KEY = 'kefu-draft';

function Composer() {
  const { widget, i18n } = useWidget();
  const { t } = i18n;
  const text = useSignal(readDraft());
  const field = useRef<HTMLTextAreaElement>(null);

  // Opening the panel puts the cursor where one writes.
  useSignalEffect(() => {
    if (widget.visible.value) field.current?.focus({ preventScroll: true });
  });

  const submit = () => {
    const trimmed = text.value.trim();
    if (trimmed === '') return;
    widget.send(trimmed);
    text.value = '';
    writeDraft('');
    field.current?.focus();
  };
  const empty = text.value.trim() === '';
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <RateLimit />
      <div class="composer-row">
        <MessageField
          field={field}
          value={text.value}
          maxHeight={FIELD_MAX_PX}
          placeholder={t('write')}
          label={t('messageField')}
          onInput={(value) => {
            text.value = value;
            writeDraft(value);
            widget.input(value);
          }}
          onSubmit={submit}
        />
        <button type="submit" class="send-button" aria-label={t('send')} aria-disabled={empty}>
          <Icon name="send" size={20} />
        </button>
      </div>
    </form>
  );
}

function RateLimit() {
  const { widget, i18n } = useWidget();
  const until = widget.limitedUntil.value;
  const now = useNow(until > 0 ? 500 : 0);
  if (until <= now) return null;
  return (
    <p class="limited" role="status">
      {i18n.t('limited', { n: Math.ceil((until - now) / 1000) })}
    </p>
  );
}

/** The draft outlives a change of page; a frame without storage keeps it for this page only. */
function readDraft(): string {
  try {
    return sessionStorage.getItem(DRAFT_KEY) ?? '';
  } catch {
    return '';
  }
}

function writeDraft(text: string): void {
  try {
    sessionStorage.setItem(DRAFT_KEY, text);
  } catch {
    // See above.
  }
}

function eventText(message: Message, i18n: ReturnType<typeof useWidget>['i18n']): string {
  const { t } = i18n;
  const event = message.event;
  const agent = event?.agent?.name ?? '';
  switch (event?.code) {
    case 'queued':
      return t('eventQueued');
    case 'assigned':
      return t('eventAssigned', { agent });
    case 'transferred':
      return agent ? t('eventTransferred', { agent }) : t('eventTransferredQueue');
    case 'pending':
      return t('eventPending');
    case 'resolved':
      return t('eventResolved');
    case 'reopened':
      return t('eventReopened');
    case 'rated':
      return t('eventRated', { score: event.score ?? '' });
    default:
      return sharedEventText(message, i18n) ?? message.text;
  }
}
