import type { Conversation, Priority, View } from '../../protocol/types';
import { Icon, type IconName } from '../../ui/icons';
import { accept } from '../chat/accept';
import { useConsole, useDesk } from '../context';
import { href } from '../router';
import { openFor } from '../shell/overlays';
import { PRIORITY_TEXTS } from './row';
import { isMine, seesAll } from './views';

const PRIORITIES: readonly Priority[] = ['urgent', 'high', 'normal', 'low'];

interface RowMenuProps {
  view: View;
  conversation: Conversation;
  close(): void;
}

/** What can be done with a conversation without opening it. */
export function RowMenu({ view, conversation, close }: RowMenuProps) {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const me = desk.me.value;
  const { id, state, priority } = conversation;
  const mine = isMine(conversation, me);
  const may = mine || seesAll(me);
  const goesOn = state === 'open' || state === 'pending';
  const item = (icon: IconName, text: string, run: () => void) => (
    <button
      type="button"
      role="menuitem"
      class="menu-item"
      onClick={() => {
        close();
        run();
      }}
    >
      <Icon name={icon} size={16} />
      <span>{text}</span>
    </button>
  );
  return (
    <>
      <a
        role="menuitem"
        class="menu-item"
        href={href(view, id)}
        target="_blank"
        rel="noopener"
        onClick={close}
      >
        <Icon name="copy" size={16} />
        <span>{t('openInTab')}</span>
      </a>
      {state === 'queued' && item('check', t('accept'), () => void accept(desk, id))}
      {goesOn && may && (
        <>
          {!mine && item('user', t('takeOver'), () => void desk.transfer(id, me.id))}
          {item('clock', t('transferQueue'), () => void desk.transfer(id, null))}
          {state === 'open' && item('pause', t('pending'), () => void desk.act(id, 'pending'))}
          {item('clock', t('snooze'), () => openFor('snooze', [id]))}
          {!conversation.marked_unread &&
            item('mail', t('markUnread'), () => void desk.markUnread(id))}
          {state === 'pending' && item('reopen', t('reopen'), () => void desk.act(id, 'reopen'))}
          {item('check', t('resolve'), () => void desk.act(id, 'resolve'))}
        </>
      )}
      {state === 'resolved' && may && item('reopen', t('reopen'), () => void desk.act(id, 'reopen'))}
      {state !== 'resolved' && may && (
        <div role="group" aria-label={t('priority')}>
          <p class="menu-title" aria-hidden="true">
            {t('priority')}
          </p>
          {PRIORITIES.map((each) => (
            <button
              key={each}
              type="button"
              role="menuitemradio"
              aria-checked={priority === each}
              class="menu-item"
              onClick={() => {
                close();
                void desk.prioritise(id, each);
              }}
            >
              <span class={`row-mark is-${each}`}>
                <Icon name="flag" size={16} />
              </span>
              <span>{t(PRIORITY_TEXTS[each])}</span>
              {priority === each && <Icon name="check" size={16} />}
            </button>
          ))}
        </div>
      )}
    </>
  );
}
