import { useMemo } from 'preact/hooks';
import { texts as formTexts } from '../../../i18n/forms';
import { texts } from '../../../i18n/staff';
import type { AgentApi } from '../../../protocol/agent-api';
import type { Agent } from '../../../protocol/types';
import { useDesk, useTextsOf } from '../../context';
import { Conflict } from '../../forms/conflict';
import { Form, type Problems } from '../../forms/form';
import { FormView } from '../../forms/form-view';
import { same } from '../../forms/same';
import { pageHref } from '../../router';
import { type List, patched } from '../lists';
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
  const form: TeamForm = useMemo(() => {
    // As the form holds it as its base.
    let known = team;
    return new Form<TeamDraft>({
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
        const { item, isTheirs } = await saveTeam(api, teams, known, draft, base);
        if (known) known = item;
        const { name, settings } = item;
        if (isTheirs) throw new Conflict<TeamDraft>({ name, settings, members: base.members });
        await changeMembers(api, agents, item.id, draft.members, base.members);
        if (!team) location.hash = pageHref('settings', ['teams', item.id]);
        return { name, settings, members: draft.members };
      },
    });
  }, [id]);
  const others = teams.now().filter((each) => each.id !== id);
  return (
    <>
      <h2 class="settings-editor-title">
        {team ? form.value.value.name || team.name : t('teamNew')}
      </h2>
      <FormView
        form={form}
        scope={pageHref('settings', ['teams', id])}
        creates={team === null}
        nameOf={(field) => t(FIELD_TEXTS[field] ?? 'partTeam')}
      >
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

/** What the fields are called that others may change meanwhile. */
const FIELD_TEXTS: Readonly<Record<string, keyof typeof texts.en>> = {
  name: 'name',
  'settings.strategy': 'strategy',
  'settings.sticky': 'partSticky',
  'settings.overflow': 'partOverflow',
  'settings.accept_timeout_s': 'acceptTimeout',
  'settings.max_queue': 'maxQueue',
  'settings.relax_after_s': 'relax',
};

async function saveTeam(
  api: AgentApi,
  teams: List<Team>,
  team: Team | null,
  draft: TeamDraft,
  base: TeamDraft,
): Promise<{ item: Team; isTheirs: boolean }> {
  const { name, settings } = draft;
  if (!team) {
    const item = await api.post<Team>('teams', { name, settings });
    teams.put(item);
    return { item, isTheirs: false };
  }
  // Members are not the team's: for them alone it need not change.
  if (name === base.name && same(settings, base.settings)) return { item: team, isTheirs: false };
  return patched(api, 'teams', teams, team.id, { version: team.version, name, settings });
}

async function changeMembers(
  api: AgentApi,
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
