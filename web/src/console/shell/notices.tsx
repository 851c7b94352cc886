import { Icon, type IconName } from '../../ui/icons';
import { seconds } from '../../ui/ticking';
import { accept } from '../chat/accept';
import { useConsole, useDesk } from '../context';
import { href } from '../router';
import type { Notice } from './notice-board';
import { noticeText } from './notice-text';
import { titled } from './shortcuts';

const ICONS: Record<Notice['kind'], IconName> = {
  error: 'alert',
  bulk: 'check',
  queued: 'clock',
  assigned: 'inbox',
  offered: 'bell',
  message: 'inbox',
  overdue: 'clock',
};

/** What happens elsewhere, said briefly and without taking the focus. */
export function Notices() {
  const desk = useDesk();
  const { i18n } = useConsole();
  return (
    <div class="notices" role="status">
      {desk.notices.value.map((notice) => (
        <div key={notice.id} class={`notice is-${notice.kind}`}>
          <Icon name={ICONS[notice.kind]} size={18} />
          {'conversation' in notice ? (
            <div class="notice-body">
              <a
                href={href(isWaiting(notice) ? 'waiting' : 'mine', notice.conversation)}
                onClick={() => desk.dismiss(notice.id)}
              >
                {noticeText(notice, i18n)}
              </a>
              {notice.text && <p>{notice.text}</p>}
              {notice.kind === 'offered' && <Offer id={notice.conversation} />}
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

function isWaiting({ kind }: Notice): boolean {
  return kind === 'queued' || kind === 'offered';
}

/** Accept or leave it, while there is time. */
function Offer({ id }: { id: string }) {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const until = desk.conversation(id)?.offer?.until;
  if (until === undefined) return null;
  const left = Math.max(0, Math.ceil((Date.parse(until) - seconds.value) / 1000));
  return (
    <div class="notice-actions">
      <button
        type="button"
        class="button is-primary"
        disabled={desk.busy.value}
        title={titled(t('accept'), 'accept')}
        onClick={() => void accept(desk, id)}
      >
        {t('accept')}
        <span class="count" aria-hidden="true">
          {t('offerLeft', { n: left })}
        </span>
      </button>
      <button
        type="button"
        class="button"
        disabled={desk.busy.value}
        onClick={() => void desk.decline(id)}
      >
        {t('decline')}
      </button>
    </div>
  );
}
