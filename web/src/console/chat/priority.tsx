import type { Priority } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { useConsole } from '../context';

export const PRIORITIES = ['urgent', 'high', 'normal', 'low'] as const satisfies Priority[];

export const PRIORITY_TEXTS = {
  low: 'priorityLow',
  normal: 'priorityNormal',
  high: 'priorityHigh',
  urgent: 'priorityUrgent',
} as const;

export function PriorityMark({ priority }: { priority: Priority }) {
  const { t } = useConsole().i18n;
  return (
    <span class={`priority-mark is-${priority}`}>
      <Icon name="flag" size={12} filled={priority === 'urgent'} />
      {t(PRIORITY_TEXTS[priority])}
    </span>
  );
}
