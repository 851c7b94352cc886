import { texts as formTexts } from '../../../i18n/forms';
import { texts } from '../../../i18n/staff';
import type { Agent } from '../../../protocol/types';
import { useTextsOf } from '../../context';
import {
  Check,
  Choices,
  DurationInput,
  Group,
  NumberInput,
  SelectInput,
  TextInput,
} from '../../forms/inputs';
import { Part } from '../section';
import type { Team } from '../shapes';
import { changeSettings, type TeamForm } from './form';

export function TeamPart({ form, agents }: { form: TeamForm; agents: readonly Agent[] }) {
  const { t } = useTextsOf(texts);
  const { name, members } = form.value.value;
  return (
    <Part title={t('partTeam')}>
      <TextInput
        label={t('name')}
        value={name}
        error={form.errorAt('name')}
        max={200}
        onInput={(next) => form.set({ name: next })}
      />
      <Group label={t('members')} hint={t('membersHint')}>
        <div class="form-checks">
          {agents
            .filter((agent) => !agent.disabled || members.includes(agent.id))
            .map((agent) => (
              <Check
                key={agent.id}
                label={agent.name}
                checked={members.includes(agent.id)}
                onChange={(on) => {
                  const others = members.filter((each) => each !== agent.id);
                  form.set({ members: on ? [...others, agent.id] : others });
                }}
              />
            ))}
        </div>
      </Group>
    </Part>
  );
}

const STRATEGIES = ['least_busy', 'round_robin', 'skill'] as const;

export function RoutingPart({ form }: { form: TeamForm }) {
  const { t } = useTextsOf(texts);
  const { t: say } = useTextsOf(formTexts);
  const { settings } = form.value.value;
  return (
    <Part title={t('partRouting')} lead={t('partRoutingLead')}>
      <Choices
        label={t('strategy')}
        value={settings.strategy ?? 'least_busy'}
        error={form.errorAt('strategy')}
        options={STRATEGIES.map((value) => ({
          value,
          label: t(`strategy_${value}`),
          hint: t(`strategy_${value}Hint`),
        }))}
        onChange={(strategy) => changeSettings(form, { strategy })}
      />
      <DurationInput
        label={t('relax')}
        hint={t('relaxHint')}
        value={settings.relax_after_s ?? null}
        error={form.errorAt('relax_after_s')}
        onInput={(value) => changeSettings(form, { relax_after_s: value ?? undefined })}
      />
      <DurationInput
        label={t('acceptTimeout')}
        hint={t('acceptTimeoutHint')}
        value={settings.accept_timeout_s ?? null}
        error={form.errorAt('accept_timeout_s')}
        onInput={(value) => changeSettings(form, { accept_timeout_s: value ?? undefined })}
      />
      <NumberInput
        label={t('maxQueue')}
        hint={t('maxQueueHint')}
        value={settings.max_queue ?? null}
        error={form.errorAt('max_queue')}
        placeholder={say('none')}
        onInput={(value) => changeSettings(form, { max_queue: value ?? undefined })}
      />
    </Part>
  );
}

export function StickyPart({ form }: { form: TeamForm }) {
  const { t } = useTextsOf(texts);
  const { sticky } = form.value.value.settings;
  return (
    <Part title={t('partSticky')} lead={t('partStickyLead')}>
      <DurationInput
        label={t('stickyWindow')}
        hint={t('stickyWindowHint')}
        value={sticky?.window_s ?? null}
        error={form.errorAt('sticky.window_s')}
        onInput={(value) =>
          changeSettings(form, {
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
          onInput={(value) => changeSettings(form, { sticky: { ...sticky, wait_s: value ?? 0 } })}
        />
      )}
    </Part>
  );
}

const USUAL_AFTER_S = 60;

export function OverflowPart({ form, others }: { form: TeamForm; others: readonly Team[] }) {
  const { t } = useTextsOf(texts);
  const { overflow } = form.value.value.settings;
  const [first] = others;
  return (
    <Part title={t('partOverflow')} lead={t('partOverflowLead')}>
      <Check
        label={t('overflowOn')}
        hint={first ? undefined : t('overflowNobody')}
        checked={overflow !== undefined}
        disabled={first === undefined}
        onChange={(on) =>
          changeSettings(form, {
            overflow: on && first ? { after_s: USUAL_AFTER_S, team_id: first.id } : undefined,
          })
        }
      />
      {overflow && (
        <>
          <SelectInput
            label={t('overflowTeam')}
            value={overflow.team_id}
            error={form.errorAt('overflow.team_id')}
            options={others.map(({ id, name }) => [id, name] as const)}
            onChange={(team_id) => changeSettings(form, { overflow: { ...overflow, team_id } })}
          />
          <DurationInput
            label={t('overflowAfter')}
            value={overflow.after_s}
            error={form.errorAt('overflow.after_s')}
            onInput={(value) =>
              changeSettings(form, { overflow: { ...overflow, after_s: value ?? 0 } })
            }
          />
        </>
      )}
    </Part>
  );
}
