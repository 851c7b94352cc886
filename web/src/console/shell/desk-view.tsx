import { untracked, useSignalEffect } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { Icon } from '../../ui/icons';
import { useSlow } from '../../ui/hooks';
import { accept } from '../chat/accept';
import { useConsole, useDesk } from '../context';
import { ConversationPane } from '../chat/conversation-pane';
import { DetailsPane } from '../details/details-pane';
import { ListPane } from '../list/list-pane';
import { VIEWS } from '../list/views';
import { PageView } from '../pages';
import { go, route } from '../router';
import { Notices } from './notices';
import { Rail } from './rail';

const BANNER_AFTER_MS = 3_000;
const BACK_SHOWN_MS = 2_000;

export function DeskView() {
  const desk = useDesk();
  const [details, setDetails] = useState(false);

  useSignalEffect(() => {
    const { conversation } = route.value;
    untracked(() => desk.open(conversation));
  });
  useKeys(() => setDetails(false));

  return (
    <div class="desk" data-open={route.value.conversation !== null} data-details={details}>
      <Rail />
      <div class="desk-main">
        <Banner />
        {route.value.page === null ? (
          <div class="desk-panes">
            <ListPane />
            <ConversationPane onDetails={() => setDetails(!details)} details={details} />
            <DetailsPane onClose={() => setDetails(false)} />
          </div>
        ) : (
          <PageView name={route.value.page} />
        )}
      </div>
      <Notices />
    </div>
  );
}

/** Shortcuts hold a modifier, so that none fires while one types. */
function useKeys(closeDetails: () => void): void {
  const desk = useDesk();
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      if (event.key === 'Escape') {
        closeDetails();
        focusList();
        return;
      }
      if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      const digit = /^Digit([1-4])$/.exec(event.code)?.[1];
      const { conversation, view } = route.value;
      if (digit) {
        go(VIEWS[Number(digit) - 1]!, conversation);
      } else if (event.code === 'KeyA') {
        const open = desk.chat.value?.conversation;
        const target = open?.state === 'queued' ? open : desk.rows.value.waiting[0];
        if (target) void accept(desk, target.id);
      } else if (event.code === 'KeyE') {
        const state = desk.chat.value?.conversation?.state;
        if (conversation && (state === 'open' || state === 'pending')) {
          void desk.act(conversation, 'resolve');
        }
      } else if (event.code === 'KeyJ' || event.code === 'KeyK') {
        const rows = desk.rows.value[view];
        const at = rows.findIndex((row) => row.id === conversation);
        const next = rows[event.code === 'KeyJ' ? at + 1 : Math.max(at - 1, 0)];
        if (next) go(view, next.id);
      } else {
        return;
      }
      event.preventDefault();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [desk]);
}

function focusList(): void {
  const list = document.querySelector('.list-rows');
  const row =
    list?.querySelector<HTMLElement>('[aria-current="true"]') ??
    list?.querySelector<HTMLElement>('a');
  row?.focus();
}

function Banner() {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const { phase } = desk.connection.value;
  const late = useSlow(phase === 'connecting' || phase === 'waiting', BANNER_AFTER_MS);
  const [wasLate, setWasLate] = useState(false);
  useEffect(() => {
    if (late) setWasLate(true);
  }, [late]);
  const back = phase === 'online' && wasLate;
  useEffect(() => {
    if (!back) return;
    const timer = setTimeout(() => setWasLate(false), BACK_SHOWN_MS);
    return () => clearTimeout(timer);
  }, [back]);

  return (
    <div role="status">
      {late && (
        <div class="banner is-warn">
          <span class="spinner" aria-hidden="true" />
          {t('reconnecting')}
          <button type="button" class="link-button" onClick={() => desk.client.wake()}>
            {t('retry')}
          </button>
        </div>
      )}
      {back && (
        <div class="banner is-ok">
          <Icon name="check" size={16} />
          {t('backOnline')}
        </div>
      )}
      {phase === 'replaced' && (
        <div class="banner is-warn">
          {t('replacedBanner')}
          <button type="button" class="link-button" onClick={() => desk.client.wake()}>
            {t('useHere')}
          </button>
        </div>
      )}
    </div>
  );
}
