import { untracked, useSignalEffect } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { Icon } from '../../ui/icons';
import { useSlow } from '../../ui/hooks';
import { useConsole, useDesk } from '../context';
import { ConversationPane } from '../chat/conversation-pane';
import { Offers } from '../chat/offers';
import { DetailsPane } from '../details/details-pane';
import { ListPane } from '../list/list-pane';
import { PageView } from '../pages';
import { route } from '../router';
import { useDeskShortcuts } from './desk-shortcuts';
import { Notices } from './notices';
import { Rail } from './rail';
import { useShortcut } from './shortcuts';

const BANNER_AFTER_MS = 3_000;
const BACK_SHOWN_MS = 2_000;

export function DeskView() {
  const desk = useDesk();
  const [details, setDetails] = useState(false);

  useSignalEffect(() => {
    const { conversation } = route.value;
    untracked(() => desk.open(conversation));
  });
  useDeskShortcuts(() => setDetails(false));
  useShortcut('details', () => setDetails(!details), route.value.conversation !== null);

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
      <Offers />
      <Notices />
    </div>
  );
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
