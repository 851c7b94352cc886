import { type ConsoleI18n, visitorName } from '../context';
import type { Notice } from './notice-board';

const TEXTS = {
  assigned: 'assignedTo',
  queued: 'newConversation',
  message: 'newMessageFrom',
  mention: 'noticeMention',
  offered: 'noticeOffered',
  overdue: 'noticeOverdue',
} as const;

export function noticeText(notice: Notice, i18n: ConsoleI18n): string {
  const { t, count } = i18n;
  switch (notice.kind) {
    case 'error':
      if (notice.code === 'network') return t('unreachable');
      if (notice.code === 'forbidden') return t('errorForbidden');
      if (notice.code === 'conflict') return t('errorConflict');
      return t('failedRequest', { detail: notice.detail });
    case 'bulk':
      return count('bulkDone', notice.done);
    default:
      return t(TEXTS[notice.kind], { name: visitorName(notice.visitor, i18n) });
  }
}
