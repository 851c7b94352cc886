import { useMemo } from 'preact/hooks';
import { texts as formTexts } from '../../../i18n/forms';
import { texts } from '../../../i18n/staff';
import type { Api } from '../../../protocol/api';
import type { Agent } from '../../../protocol/types';
import { useDesk, useTextsOf } from '../../context';
import { Form, type Problems } from '../../forms/form';
import { FormView } from '../../forms/form-view';
import { same } from '../../forms/same';
import { pageHref } from '../../router';
import type { List } from '../lists';
import { RemoveButton } from '../section';
import type { Team } from '../shapes';
import type { TeamDraft, TeamForm } from './form';
import { OverflowPart, RoutingPart, StickyPart, TeamPart } from './parts';

interface TeamEditorProps {
  team: Team | null;
  teams: List<Team>;
  agents: List<Agent>;
}

export function TeamEditor({ team, teams, agents }: TeamEditorProps) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const { t: say } = useTextsOf(formTexts);
  const id = team?.id ?? 'new';
  const form: TeamForm = useMemo(
    () =>
      new Form<TeamDraft>({
        value: {
          name: team?.name ?? '',
          settings: team?.settings ?? {},
          members: agents
            .now()
            .filter((agent) => agent.teams.includes(id))
            .map((agent) => agent.id),
        },
        check: ({ name }): Problems => (name.trim() === '' ? { name: say('required') } : {}),
        save: async (draft, base) => {
          const saved = await saveTeam(api, team, draft, base);
          teams.put(saved);
          await changeMembers(api, agents, saved.id, draft.members, base.members);
          if (!team) location.hash = pageHref('settings', ['teams', saved.id]);
          return { name: saved.name, settings: saved.settings, members: draft.members };
        },
      }),
    [id],
  );
  const others = teams.now().filter((each) => each.id !== id);
  return (
    <>
      <h2 class="settings-editor-title">
        {team ? form.value.value.name || team.name : t('teamNew')}
      </h2>
      <FormView form={form} scope={pageHref('settings', ['teams', id])} creates={team === null}>
        <TeamPart form={form} agents={agents.now()} />
        <RoutingPart form={form} />
        <StickyPart form={form} />
        <OverflowPart form={form} others={others} />
        {team && (
          <div class="settings-editor-end">
            <RemoveButton
              label={t('teamRemove')}
              title={t('teamRemoveTitle', { name: team.name })}
              text={t('teamRemoveText')}
              run={async () => {
                await api.delete(`teams/${team.id}`);
                form.discard();
                location.hash = pageHref('settings', ['teams']);
                teams.drop(team.id);
              }}
            />
          </div>
        )}
      </FormView>
    </>
  );
}

async function saveTeam(
  api: Api,
  team: Team | null,
  draft: TeamDraft,
  base: TeamDraft,
): Promise<Team> {
  const { name, settings } = draft;
  if (!team) return api.post<Team>('teams', { name, settings });
  const isSame = name === base.name && same(settings, base.settings);
  // Members are not the team's: for them alone it need not change.
  return isSame ? { ...team, name, settings } : api.patch(`teams/${team.id}`, { name, settings });
}

async function changeMembers(
  api: Api,
  agents: List<Agent>,
  team: string,
  now: readonly string[],
  before: readonly string[],
): Promise<void> {
  for (const { id, teams } of agents.now()) {
    const isIn = now.includes(id);
    if (isIn === before.includes(id)) continue;
    const others = teams.filter((each) => each !== team);
    const body = { teams: isIn ? [...others, team] : others };
    agents.put(await api.patch<Agent>(`agents/${id}`, body));
  }
}
