import { Icon, type IconName } from '../../ui/icons';
import { useConsole, useDesk } from '../context';
import { href } from '../router';
import type { Notice } from './notice-board';
import { noticeText } from './notice-text';

const ICONS: Record<Notice['kind'], IconName> = {
  error: 'alert',
  bulk: 'check',
  queued: 'clock',
  assigned: 'inbox',
  offered: 'bell',
  message: 'inbox',
  mention: 'note',
  overdue: 'clock',
};

/** What happens elsewhere, said briefly and without taking the focus. */
export function Notices() {
  const desk = useDesk();
  const { i18n } = useConsole();
  return (
    <div class="notices" role="status">
      {desk.notices.value.filter(isShown).map((notice) => (
        <div key={notice.id} class={`notice is-${notice.kind}`}>
          <Icon name={ICONS[notice.kind]} size={18} />
          {'conversation' in notice ? (
            <div class="notice-body">
              <a
                href={href(notice.kind === 'queued' ? 'waiting' : 'mine', notice.conversation)}
                onClick={() => desk.dismiss(notice.id)}
              >
                {noticeText(notice, i18n)}
              </a>
              {notice.text && <p>{notice.text}</p>}
            </div>
          ) : (
            <span class="notice-body">{noticeText(notice, i18n)}</span>
          )}
          <button
            type="button"
            class="icon-button"
            aria-label={i18n.t('close')}
            onClick={() => desk.dismiss(notice.id)}
          >
            <Icon name="close" size={16} />
          </button>
        </div>
      ))}
    </div>
  );
}

/** What is offered has a card of its own, see `chat/offers.tsx`. */
function isShown({ kind }: Notice): boolean {
  return kind !== 'offered';
}
