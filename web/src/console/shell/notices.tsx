import { Icon } from '../../ui/icons';
import { type ConsoleI18n, useConsole, useDesk, visitorName } from '../context';
import type { Notice } from '../desk';
import { href } from '../router';

/** What happens elsewhere, said briefly and without taking the focus. */
export function Notices() {
  const desk = useDesk();
  const { i18n } = useConsole();
  return (
    <div class="notices" role="status">
      {desk.notices.value.map((notice) => (
        <div key={notice.id} class={`notice is-${notice.kind}`}>
          <Icon name={notice.kind === 'error' ? 'alert' : 'inbox'} size={18} />
          {notice.kind === 'error' ? (
            <span>{text(notice, i18n)}</span>
          ) : (
            <a
              href={href(notice.kind === 'queued' ? 'waiting' : 'mine', notice.conversation)}
              onClick={() => desk.dismiss(notice.id)}
            >
              {text(notice, i18n)}
            </a>
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

function text(notice: Notice, i18n: ConsoleI18n): string {
  const { t } = i18n;
  switch (notice.kind) {
    case 'error':
      if (notice.code === 'network') return t('unreachable');
      if (notice.code === 'forbidden') return t('errorForbidden');
      if (notice.code === 'conflict') return t('errorConflict');
      return t('failedRequest', { detail: notice.detail });
    case 'assigned':
      return t('assignedTo', { name: visitorName(notice.visitor, i18n) });
    case 'queued':
      return t('newConversation', { name: visitorName(notice.visitor, i18n) });
    case 'message':
      return t('newMessageFrom', { name: visitorName(notice.visitor, i18n) });
  }
}
