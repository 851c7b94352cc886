import { texts } from '../../../i18n/staff';
import type { Agent } from '../../../protocol/types';
import { Avatar } from '../../../ui/avatar';
import { useDesk, useTextsOf } from '../../context';
import { all } from '../../forms/all';
import { Loaded } from '../../loaded';
import { may } from '../../pages';
import { useAll, useList } from '../lists';
import { ListEditor } from '../section';
import type { Role, Team } from '../shapes';
import { AgentEditor } from './agent-editor';
import { NewAgent } from './new-agent';

export default function Agents() {
  const { t } = useTextsOf(texts);
  const me = useDesk().me.value;
  const isAdmin = may(me, 'agents');
  const agents = useList<Agent>('agents');
  const teams = useAll<Team>('teams');
  const roles = useAll<Role>('roles');
  const known = roles.state.status === 'ready' ? roles.state.value : [];
  return (
    <ListEditor
      name="agents"
      title={t('agents')}
      lead={t('agentsLead')}
      load={agents}
      textOf={({ name, email }) => `${name} ${email}`}
      groupOf={({ disabled }) => (disabled ? t('deactivated') : '')}
      row={(agent) => (
        <span class="person-row">
          <Avatar name={agent.name} seed={agent.id} status={agent.status} />
          <span>
            <strong>{agent.name}</strong>
            <span class="hint">
              {roleName(agent, known) ?? t(`role_${agent.role}`)} · {t(`status_${agent.status}`)}
            </span>
          </span>
          <span class="count">
            <span class="visually-hidden">{t('capacity')} </span>
            {agent.load} / {agent.capacity}
          </span>
        </span>
      )}
      add={isAdmin ? t('add') : null}
      empty={t('agentsEmpty')}
      editor={(agent) =>
        agent === null ? (
          <NewAgent agents={agents} />
        ) : (
          <Loaded of={all<[Team[], Role[]]>(teams, roles)} pane>
            {([teams, roles]) => (
              <AgentEditor agent={agent} agents={agents} teams={teams} roles={roles} />
            )}
          </Loaded>
        )
      }
    />
  );
}

function roleName(agent: Agent, roles: readonly Role[]): string | null {
  return roles.find(({ id }) => id === agent.custom_role_id)?.name ?? null;
}
