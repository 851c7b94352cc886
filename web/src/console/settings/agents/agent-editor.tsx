import { useMemo } from 'preact/hooks';
import { texts as formTexts } from '../../../i18n/forms';
import { texts } from '../../../i18n/staff';
import type { Agent } from '../../../protocol/types';
import { useDesk, useTextsOf } from '../../context';
import { Form, type Problems } from '../../forms/form';
import { FormView } from '../../forms/form-view';
import { Check, Group, NumberInput, SelectInput, TextInput } from '../../forms/inputs';
import { may } from '../../pages';
import { pageHref } from '../../router';
import type { List } from '../lists';
import { Part } from '../section';
import type { Role, Team } from '../shapes';
import { Access } from './access';
import { type AgentDraft, agentPatch, draftOf } from './draft';
import { RoleChoices } from './role-choices';
import { Skills } from './skills';

interface AgentEditorProps {
  agent: Agent;
  agents: List<Agent>;
  teams: readonly Team[];
  roles: readonly Role[];
}

export function AgentEditor({ agent, agents, teams, roles }: AgentEditorProps) {
  const desk = useDesk();
  const { t } = useTextsOf(texts);
  const { t: say } = useTextsOf(formTexts);
  const me = desk.me.value;
  const isAdmin = may(me, 'agents');
  const form = useMemo(
    () =>
      new Form<AgentDraft>({
        value: draftOf(agent),
        check: ({ name }): Problems => (name.trim() === '' ? { name: say('required') } : {}),
        save: async (draft, base) => {
          const saved = await desk.api.patch<Agent>(`agents/${agent.id}`, agentPatch(draft, base));
          agents.put(saved);
          return draftOf(saved);
        },
      }),
    [agent.id],
  );
  const draft = form.value.value;
  const known = [...new Set(agents.now().flatMap(({ skills }) => Object.keys(skills)))].sort();
  return (
    <>
      <h2 class="settings-editor-title">
        {agent.name}
        {agent.disabled && <span class="form-chip">{t('deactivated')}</span>}
      </h2>
      {agent.email && <p class="settings-editor-lead">{agent.email}</p>}
      <FormView form={form} scope={pageHref('settings', ['agents', agent.id])}>
        {isAdmin && (
          <Part title={t('partPerson')}>
            <TextInput
              label={t('agentName')}
              hint={t('agentNameHint')}
              value={draft.name}
              error={form.errorAt('name')}
              max={200}
              onInput={(name) => form.set({ name })}
            />
            <NumberInput
              label={t('capacity')}
              hint={t('capacityHint')}
              value={draft.capacity}
              error={form.errorAt('capacity')}
              onInput={(capacity) => form.set({ capacity: capacity ?? 0 })}
            />
          </Part>
        )}
        {isAdmin && (
          <Part title={t('partRights')}>
            <RoleChoices
              value={draft.role}
              error={form.errorAt('role')}
              onChange={(role) => form.set({ role })}
            />
            {roles.length > 0 && (
              <SelectInput
                label={t('customRole')}
                hint={t('customRoleHint')}
                value={draft.custom_role_id ?? ''}
                error={form.errorAt('custom_role_id')}
                options={[
                  ['', t('customRoleNone')],
                  ...roles.map(({ id, name }) => [id, name] as const),
                ]}
                onChange={(id) => form.set({ custom_role_id: id || null })}
              />
            )}
          </Part>
        )}
        {may(me, 'teams') && (
          <Part title={t('partWork')}>
            <Group
              label={t('teams')}
              hint={teams.length === 0 ? t('teamsEmpty') : t('agentTeamsHint')}
            >
              <div class="form-checks">
                {teams.map(({ id, name }) => (
                  <Check
                    key={id}
                    label={name}
                    checked={draft.teams.includes(id)}
                    onChange={(on) =>
                      form.set({
                        teams: on
                          ? [...draft.teams, id]
                          : draft.teams.filter((each) => each !== id),
                      })
                    }
                  />
                ))}
              </div>
            </Group>
            <Skills
              skills={draft.skills}
              known={known}
              error={form.errorAt('skills')}
              set={(skills) => form.set({ skills })}
            />
          </Part>
        )}
      </FormView>
      {isAdmin && <Access agent={agent} take={agents.put} />}
    </>
  );
}
