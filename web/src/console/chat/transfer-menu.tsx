import { useEffect, useState } from 'preact/hooks';
import type { Agent, Conversation, Page } from '../../protocol/types';
import { Avatar } from '../../ui/avatar';
import { Icon } from '../../ui/icons';
import { Popover } from '../../ui/popover';
import { useConsole, useDesk } from '../context';

export function TransferMenu({ conversation }: { conversation: Conversation }) {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  return (
    <Popover
      label={t('transfer')}
      className="button"
      align="end"
      disabled={desk.busy.value}
      button={
        <>
          <Icon name="swap" size={16} />
          <span class="button-text">{t('transfer')}</span>
        </>
      }
    >
      {(close) => <AgentPicker conversation={conversation} close={close} />}
    </Popover>
  );
}

const RANK = { online: 0, busy: 1, away: 2, offline: 3 } as const;
const STATUS_TEXTS = {
  online: 'statusOnline',
  busy: 'statusBusy',
  away: 'statusAway',
  offline: 'statusOffline',
} as const;

function AgentPicker({ conversation, close }: { conversation: Conversation; close(): void }) {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const [agents, setAgents] = useState<Agent[] | 'loading' | 'error'>('loading');

  useEffect(() => {
    let gone = false;
    desk.api.get<Page<Agent>>('agents').then(
      (page) => !gone && setAgents(page.items),
      () => !gone && setAgents('error'),
    );
    return () => {
      gone = true;
    };
  }, [desk]);

  const choose = (agent: string | null) => {
    close();
    void desk.transfer(conversation.id, agent);
  };
  const others =
    typeof agents === 'string'
      ? []
      : agents
          .filter((agent) => !agent.disabled && agent.id !== conversation.assignee?.id)
          .sort((a, b) => RANK[a.status] - RANK[b.status] || a.load - b.load);
  return (
    <div class="picker" role="group" aria-label={t('transferTo')}>
      <button type="button" class="menu-item" onClick={() => choose(null)}>
        <span class="picker-queue">
          <Icon name="clock" size={16} />
        </span>
        {t('transferQueue')}
      </button>
      <p class="menu-title">{t('transferTo')}</p>
      {agents === 'loading' && <p class="picker-state">{t('loading')}</p>}
      {agents === 'error' && (
        <p class="picker-state" role="alert">
          {t('transferFailed')}
        </p>
      )}
      {typeof agents !== 'string' && others.length === 0 && (
        <p class="picker-state">{t('transferNobody')}</p>
      )}
      {others.map((agent) => (
        <button key={agent.id} type="button" class="menu-item" onClick={() => choose(agent.id)}>
          <Avatar name={agent.name} seed={agent.id} size={28} status={agent.status} />
          <span>
            {agent.name}
            <span class="hint">{t(STATUS_TEXTS[agent.status])}</span>
          </span>
          <span class="count">
            {t('capacityOf', { load: agent.load, capacity: agent.capacity })}
          </span>
        </button>
      ))}
    </div>
  );
}
