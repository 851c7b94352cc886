import type { Conversation } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { useConsole } from '../context';

const STATES = {
  new: ['stateNew', 'info'],
  queued: ['stateQueued', 'clock'],
  open: ['stateOpen', 'reply'],
  pending: ['statePending', 'pause'],
  resolved: ['stateResolved', 'check'],
} as const;

export function StateTag({ state }: { state: Conversation['state'] }) {
  const { t } = useConsole().i18n;
  const [text, icon] = STATES[state];
  return (
    <span class={`state-tag is-${state}`}>
      <Icon name={icon} size={12} />
      {t(text)}
    </span>
  );
}
