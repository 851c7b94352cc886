import { Fragment } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Agent } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { useConsole, useDesk } from '../context';
import { causeOf } from '../loaded';
import { Reasons } from '../status-reasons';
import { useBoard, useTeamTexts } from './context';

const STATUSES = [
  ['online', 'statusOnline'],
  ['busy', 'statusBusy'],
  ['away', 'statusAway'],
] as const;

/** What somebody else is doing: for who forgot to say so. */
export function StatusForm({ agent, close }: { agent: Agent; close(): void }) {
  const desk = useDesk();
  const board = useBoard();
  const { i18n } = useConsole();
  const { t } = useTeamTexts();
  const [state, setState] = useState<'idle' | 'saving' | { error: unknown }>('idle');
  useEffect(() => void desk.loadReasons(), [desk]);
  const set = async (status: (typeof STATUSES)[number][0], reason?: string) => {
    setState('saving');
    try {
      await board.setStatus(agent.id, status, reason);
      close();
    } catch (error) {
      setState({ error });
    }
  };
  return (
    <div class="status-form" role="group" aria-label={t('statusOf', { name: agent.name })}>
      <p class="menu-title">{t('statusOf', { name: agent.name })}</p>
      {STATUSES.map(([status, text]) => (
        <Fragment key={status}>
          <button
            type="button"
            class="menu-item"
            aria-pressed={agent.status === status}
            disabled={state === 'saving'}
            onClick={() => void set(status)}
          >
            <span class={`status-mark is-${status}`} />
            <span>{i18n.t(text)}</span>
            {agent.status === status && <Icon name="check" size={16} />}
          </button>
          <Reasons
            reasons={desk.reasons.value ?? []}
            status={status}
            chosen={agent.status === status ? agent.status_reason : undefined}
            onChoose={(reason) => void set(status, reason)}
          />
        </Fragment>
      ))}
      {typeof state === 'object' && (
        <p class="form-error" role="alert">
          {causeOf(state.error, i18n)}
        </p>
      )}
      <p class="hint">{t('statusHint')}</p>
    </div>
  );
}
