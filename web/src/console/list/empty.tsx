import type { View } from '../../protocol/types';
import { Icon, type IconName } from '../../ui/icons';
import { accept } from '../chat/accept';
import { useConsole, useDesk } from '../context';
import { keysOf, keyText } from '../shell/shortcuts';

const EMPTY = {
  mine: ['check', 'emptyMine', 'emptyMineHint'],
  waiting: ['clock', 'emptyWaiting', 'emptyWaitingHint'],
  bot: ['bot', 'emptyBot', 'emptyBotHint'],
  all: ['inbox', 'emptyAll', 'emptyAllHint'],
  ended: ['inbox', 'emptyEnded', 'emptyEndedHint'],
} as const satisfies Record<View, readonly [IconName, string, string]>;

export function Empty({ view }: { view: View }) {
  const { t } = useConsole().i18n;
  const [icon, title, hint] = EMPTY[view];
  return (
    <div class="pane-state">
      <Icon name={icon} size={28} />
      <p class="pane-title">{t(title)}</p>
      <p>{t(hint)}</p>
      {view === 'mine' && <TakeOldest />}
    </div>
  );
}

function TakeOldest() {
  const desk = useDesk();
  const { t, count } = useConsole().i18n;
  const waiting = desk.known.lists.waiting.value;
  const oldest = waiting[0];
  if (oldest === undefined) return null;
  const keys = keysOf('accept');
  return (
    <>
      <p>{count('emptyMineWaiting', waiting.length)}</p>
      <button
        type="button"
        class="button is-primary"
        disabled={desk.busy.value}
        onClick={() => void accept(desk, oldest)}
      >
        {t('takeOldest')}
        {keys !== '' && <kbd>{keyText(keys)}</kbd>}
      </button>
    </>
  );
}
