import { texts } from '../../../i18n/staff';
import type { Agent } from '../../../protocol/types';
import { useTextsOf } from '../../context';
import { all } from '../../forms/all';
import { Loaded } from '../../loaded';
import { useList } from '../lists';
import { ListEditor } from '../section';
import type { Team } from '../shapes';
import { TeamEditor } from './team-editor';

export default function Teams() {
  const { t, count } = useTextsOf(texts);
  const teams = useList<Team>('teams');
  const agents = useList<Agent>('agents');
  const membersOf = (team: string) =>
    agents.now().filter((agent) => agent.teams.includes(team)).length;
  return (
    <ListEditor
      name="teams"
      title={t('teams')}
      lead={t('teamsLead')}
      load={teams}
      textOf={({ name }) => name}
      row={({ id, name, settings }) => (
        <>
          <strong>{name}</strong>
          <span class="hint">
            {count('teamRow', membersOf(id), {
              strategy: t(`strategy_${settings.strategy ?? 'least_busy'}`),
            })}
          </span>
        </>
      )}
      add={t('add')}
      empty={t('teamsEmpty')}
      editor={(team) => (
        <Loaded of={all<[Team[], Agent[]]>(teams, agents)} pane>
          {() => <TeamEditor team={team} teams={teams} agents={agents} />}
        </Loaded>
      )}
    />
  );
}
