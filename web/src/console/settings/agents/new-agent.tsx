import { useMemo } from 'preact/hooks';
import { texts as formTexts } from '../../../i18n/forms';
import { texts } from '../../../i18n/staff';
import type { Agent, AgentRole } from '../../../protocol/types';
import { useDesk, useTextsOf } from '../../context';
import { Form, type Problems } from '../../forms/form';
import { FormView } from '../../forms/form-view';
import { NumberInput, TextInput } from '../../forms/inputs';
import { passwordProblem } from '../../forms/password-rules';
import { pageHref } from '../../router';
import type { List } from '../lists';
import { Part } from '../section';
import { PasswordInput } from './password';
import { RoleChoices } from './role-choices';

interface Draft {
  name: string;
  email: string;
  password: string;
  role: AgentRole;
  capacity: number | null;
}

const EMPTY: Draft = { name: '', email: '', password: '', role: 'agent', capacity: null };

export function NewAgent({ agents }: { agents: List<Agent> }) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const { t: say } = useTextsOf(formTexts);
  const form = useMemo(
    () =>
      new Form<Draft>({
        value: EMPTY,
        check: ({ name, email, password }): Problems => ({
          ...(name.trim() === '' ? { name: say('required') } : {}),
          ...(/^[^\s@]+@[^\s@]+$/.test(email.trim()) ? {} : { email: t('emailWrong') }),
          ...(passwordProblem(password) ? { password: t('passwordRules') } : {}),
        }),
        save: async ({ capacity, ...body }) => {
          const made = await api.post<Agent>('agents', {
            ...body,
            ...(capacity === null ? {} : { capacity }),
          });
          agents.put(made);
          location.hash = pageHref('settings', ['agents', made.id]);
          return EMPTY;
        },
      }),
    [],
  );
  const draft = form.value.value;
  return (
    <>
      <h2 class="settings-editor-title">{t('agentNew')}</h2>
      <FormView form={form} scope={pageHref('settings', ['agents', 'new'])} creates>
        <Part title={t('partPerson')}>
          <TextInput
            label={t('agentName')}
            hint={t('agentNameHint')}
            value={draft.name}
            error={form.errorAt('name')}
            max={200}
            onInput={(name) => form.set({ name })}
          />
          <TextInput
            label={t('email')}
            hint={t('emailHint')}
            type="email"
            value={draft.email}
            error={form.errorAt('email')}
            onInput={(email) => form.set({ email })}
          />
          <PasswordInput
            label={t('firstPassword')}
            hint={t('firstPasswordHint')}
            value={draft.password}
            error={form.errorAt('password')}
            onInput={(password) => form.set({ password })}
          />
        </Part>
        <Part title={t('partRights')}>
          <RoleChoices
            value={draft.role}
            error={form.errorAt('role')}
            onChange={(role) => form.set({ role })}
          />
          <NumberInput
            label={t('capacity')}
            hint={t('capacityHint')}
            value={draft.capacity}
            error={form.errorAt('capacity')}
            placeholder={t('capacityUsual')}
            onInput={(capacity) => form.set({ capacity })}
          />
        </Part>
      </FormView>
    </>
  );
}
