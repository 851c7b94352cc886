import type { AgentStatus } from '../protocol/types';
import { type ConsoleI18n, useConsole } from './context';

const OWN = ['meal', 'rest', 'meeting', 'training'] as const;

/** A reason in the words of the console, or as the company wrote it. */
export function reasonText(reason: string, { t }: ConsoleI18n): string {
  const own = OWN.find((each) => each === reason);
  return own ? t(`reason_${own}`) : reason;
}

interface ReasonsProps {
  reasons: readonly string[];
  status: AgentStatus;
  chosen: string | undefined;
  onChoose(reason: string): void;
}

/** Why somebody is busy or away. */
export function Reasons({ reasons, status, chosen, onChoose }: ReasonsProps) {
  const { i18n } = useConsole();
  if (reasons.length === 0 || (status !== 'busy' && status !== 'away')) return null;
  return (
    <div class="status-reasons" role="group" aria-label={i18n.t('statusWhy')}>
      {reasons.map((reason) => (
        <button
          key={reason}
          type="button"
          class="chip-button"
          aria-pressed={chosen === reason}
          onClick={() => onChoose(reason)}
        >
          {reasonText(reason, i18n)}
        </button>
      ))}
    </div>
  );
}
