import { useMemo } from 'preact/hooks';
import { texts as formTexts } from '../../i18n/forms';
import { texts } from '../../i18n/staff';
import type { Agent } from '../../protocol/types';
import { useDesk, useTextsOf } from '../context';
import { all } from '../forms/all';
import { Form, type Problems } from '../forms/form';
import { FormView } from '../forms/form-view';
import {
  Check,
  Choices,
  DurationInput,
  Group,
  NumberInput,
  SelectInput,
  TextInput,
} from '../forms/inputs';
import { same } from '../forms/same';
import { Loaded } from '../loaded';
import { pageHref } from '../router';
import { type List, useList } from './lists';
import { ListEditor, Part, RemoveButton } from './section';
import type { Team, TeamSettings } from './shapes';

export default function Teams() {
  const { t } = useTextsOf(texts);
  const teams = useList<Team>('teams');
  const agents = useList<Agent>('agents');
  const both = all<[Team[], Agent[]]>(teams, agents);
  const people = agents.state.status === 'ready' ? agents.state.value : [];
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
            {t('teamRow', {
              strategy: t(`strategy_${settings.strategy ?? 'least_busy'}`),
              n: people.filter((agent) => agent.teams.includes(id)).length,
            })}
          </span>
        </>
      )}
      add={t('add')}
      empty={t('teamsEmpty')}
      editor={(team) => (
        <Loaded of={both} pane>
          {([list, members]) => (
            <TeamEditor team={team} list={list} members={members} teams={teams} agents={agents} />
          )}
        </Loaded>
      )}
    />
  );
}

interface TeamDraft {
  name: string;
  settings: TeamSettings;
  members: string[];
}

interface TeamEditorProps {
  team: Team | null;
  list: readonly Team[];
  members: readonly Agent[];
  teams: List<Team>;
  agents: List<Agent>;
}

function TeamEditor({ team, list, members, teams, agents }: TeamEditorProps) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const { t: say } = useTextsOf(formTexts);
  const id = team?.id ?? 'new';
  const form = useMemo(
    () =>
      new Form<TeamDraft>({
        value: {
          name: team?.name ?? '',
          settings: team?.settings ?? {},
          members: members.filter((agent) => agent.teams.includes(id)).map((agent) => agent.id),
        },
        check: ({ name, settings }): Problems => ({
          ...(name.trim() === '' ? { name: say('required') } : {}),
          ...(settings.overflow?.team_id === '' ? { 'overflow.team_id': say('required') } : {}),
        }),
        save: async (draft, base) => {
          const { name, settings } = draft;
          let saved = team;
          if (!team) saved = await api.post<Team>('teams', { name, settings });
          else if (name !== base.name || !same(settings, base.settings)) {
            saved = await api.patch<Team>(`teams/${team.id}`, { name, settings });
          }
          if (!saved) return draft;
          teams.put(saved);
          await changeMembers(saved.id, draft.members, base.members);
          if (!team) location.hash = pageHref('settings', ['teams', saved.id]);
          return { name: saved.name, settings: saved.settings, members: draft.members };
        },
      }),
    [id],
  );

  /** Each agent holds its own teams. */
  async function changeMembers(of: string, now: string[], before: string[]): Promise<void> {
    for (const agent of agents.now()) {
      const isIn = now.includes(agent.id);
      if (isIn === before.includes(agent.id)) continue;
      const others = agent.teams.filter((each) => each !== of);
      const body = { teams: isIn ? [...others, of] : others };
      agents.put(await api.patch<Agent>(`agents/${agent.id}`, body));
    }
  }

  const { name, settings, members: chosen } = form.value.value;
  const change = (patch: { [K in keyof TeamSettings]?: TeamSettings[K] | undefined }) => {
    const kept = Object.entries({ ...settings, ...patch }).filter(
      ([, value]) => value !== undefined,
    );
    form.set({ settings: Object.fromEntries(kept) });
  };
  const helpers = list.filter((each) => each.id !== id);
  const { sticky, overflow } = settings;
  return (
    <>
      <h2 class="editor-title">{team ? name || team.name : t('teamNew')}</h2>
      <FormView form={form} scope={pageHref('settings', ['teams', id])} creates={team === null}>
        <Part title={t('partTeam')}>
          <TextInput
            label={t('name')}
            value={name}
            error={form.errorAt('name')}
            max={200}
            onInput={(next) => form.set({ name: next })}
          />
          <Group label={t('members')} hint={t('membersHint')}>
            <div class="check-grid">
              {members
                .filter((agent) => !agent.disabled || chosen.includes(agent.id))
                .map((agent) => (
                  <Check
                    key={agent.id}
                    label={agent.name}
                    checked={chosen.includes(agent.id)}
                    onChange={(on) =>
                      form.set({
                        members: on
                          ? [...chosen, agent.id]
                          : chosen.filter((each) => each !== agent.id),
                      })
                    }
                  />
                ))}
            </div>
          </Group>
        </Part>
        <Part title={t('partRouting')} lead={t('partRoutingLead')}>
          <Choices
            label={t('strategy')}
            value={settings.strategy ?? 'least_busy'}
            error={form.errorAt('strategy')}
            options={(['least_busy', 'round_robin', 'skill'] as const).map((value) => ({
              value,
              label: t(`strategy_${value}`),
              hint: t(`strategy_${value}Hint`),
            }))}
            onChange={(strategy) => change({ strategy })}
          />
          <DurationInput
            label={t('relax')}
            hint={t('relaxHint')}
            value={settings.relax_after_s ?? null}
            error={form.errorAt('relax_after_s')}
            onInput={(value) => change({ relax_after_s: value ?? undefined })}
          />
          <DurationInput
            label={t('acceptTimeout')}
            hint={t('acceptTimeoutHint')}
            value={settings.accept_timeout_s ?? null}
            error={form.errorAt('accept_timeout_s')}
            onInput={(value) => change({ accept_timeout_s: value ?? undefined })}
          />
          <NumberInput
            label={t('maxQueue')}
            hint={t('maxQueueHint')}
            value={settings.max_queue ?? null}
            error={form.errorAt('max_queue')}
            placeholder={say('none')}
            onInput={(value) => change({ max_queue: value ?? undefined })}
          />
        </Part>
        <Part title={t('partSticky')} lead={t('partStickyLead')}>
          <DurationInput
            label={t('stickyWindow')}
            hint={t('stickyWindowHint')}
            value={sticky?.window_s ?? null}
            error={form.errorAt('sticky.window_s')}
            onInput={(value) =>
              change({
                sticky: value === null ? undefined : { wait_s: 0, ...sticky, window_s: value },
              })
            }
          />
          {sticky && (
            <DurationInput
              label={t('stickyWait')}
              hint={t('stickyWaitHint')}
              value={sticky.wait_s || null}
              error={form.errorAt('sticky.wait_s')}
              onInput={(value) => change({ sticky: { ...sticky, wait_s: value ?? 0 } })}
            />
          )}
        </Part>
        <Part title={t('partOverflow')} lead={t('partOverflowLead')}>
          <Check
            label={t('overflowOn')}
            hint={helpers.length === 0 ? t('overflowNobody') : undefined}
            checked={overflow !== undefined}
            disabled={helpers.length === 0}
            onChange={(on) =>
              change({ overflow: on ? { after_s: 60, team_id: helpers[0]?.id ?? '' } : undefined })
            }
          />
          {overflow && (
            <>
              <SelectInput
                label={t('overflowTeam')}
                value={overflow.team_id}
                error={form.errorAt('overflow.team_id')}
                options={helpers.map((each) => [each.id, each.name] as const)}
                onChange={(team_id) => change({ overflow: { ...overflow, team_id } })}
              />
              <DurationInput
                label={t('overflowAfter')}
                value={overflow.after_s}
                error={form.errorAt('overflow.after_s')}
                onInput={(value) => change({ overflow: { ...overflow, after_s: value ?? 0 } })}
              />
            </>
          )}
        </Part>
        {team && (
          <div class="editor-end">
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
