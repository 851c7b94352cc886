import { useSignalEffect } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { useSlow } from '../ui/hooks';
import { attached } from '../ui/message-body';
import { Chat } from './chat';
import { useWidget } from './context';
import { Header } from './header';
import { Loading } from './loading';
import { extras, OnDemand } from './on-demand';

const BANNER_AFTER_MS = 3_000;
const PREFETCH_AFTER_MS = 2_000;
/** What is filled in first; a screen without fields has a button. */
const FIRST_FIELDS = ['textarea, input:not([type=file], [type=radio])', '.button.is-primary'];

export function App() {
  const { widget, i18n } = useWidget();
  const name = widget.config.value?.name ?? '';
  const root = useRef<HTMLDivElement>(null);

  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      if (event.key === 'Escape') widget.close();
      if (event.key === 'F6' && switchPane(root.current)) event.preventDefault();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [widget]);

  // What comes later is fetched while nobody waits for it.
  useSignalEffect(() => {
    if (widget.line.shared.connection.value.phase !== 'online') return;
    const timer = setTimeout(() => {
      extras.prefetch();
      attached.prefetch();
    }, PREFETCH_AFTER_MS);
    return () => clearTimeout(timer);
  });

  // Opening the panel, or another screen, puts the cursor where one writes.
  const screen = widget.screen.value;
  const isShown = widget.visible.value && screen !== 'loading';
  useLayoutEffect(() => {
    if (!isShown) return;
    const found = FIRST_FIELDS.map((each) => root.current?.querySelector<HTMLElement>(`main ${each}`));
    found.find(Boolean)?.focus({ preventScroll: true });
  }, [isShown, screen]);

  return (
    <div
      ref={root}
      class="widget"
      role="dialog"
      aria-modal={widget.modal.value}
      aria-label={i18n.t('title', { name })}
    >
      <Header />
      <Banner />
      <main class={`screen is-${screen}`}>
        <Screen />
      </main>
    </div>
  );
}

/** Between the messages and the field below them. */
function switchPane(root: HTMLElement | null): boolean {
  const log = root?.querySelector<HTMLElement>('[role=log]');
  const field = root?.querySelector<HTMLElement>('.composer textarea');
  if (!log || !field) return false;
  (document.activeElement === field ? log : field).focus();
  return true;
}

function Banner() {
  const { widget, i18n } = useWidget();
  const { phase } = widget.line.shared.connection.value;
  const late = useSlow(phase === 'connecting' || phase === 'waiting', BANNER_AFTER_MS);
  if (!late || widget.screen.value === 'loading') return null;
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

/** One node, so that the chat is not rendered anew with all that is around it. */
const CHAT = <Chat />;

function Screen() {
  const { widget } = useWidget();
  switch (widget.screen.value) {
    case 'chat':
      return CHAT;
    case 'home':
      return <OnDemand name="Home" />;
    case 'list':
      return <OnDemand name="Conversations" />;
    case 'pre-chat':
      return <OnDemand name="PreChat" />;
    case 'offline':
      return <OnDemand name="OfflineForm" />;
    case 'loading':
      return <Arriving />;
    case 'replaced':
    case 'identity':
    case 'refused':
      return <OnDemand name="Closed" />;
  }
}

function Arriving() {
  const { widget } = useWidget();
  const isLost = widget.failedLoad.value || widget.line.shared.connection.value.phase === 'waiting';
  return <Loading failed={isLost} retry={() => widget.wake()} />;
}
