import { texts } from '../../../i18n/events';
import type { Agent } from '../../../protocol/types';
import { useTextsOf } from '../../context';
import { Check, Choices, Group, SelectInput, TextArea, TextInput } from '../../forms/inputs';
import { Part } from '../section';
import type { Tag, Team } from '../shapes';
import type { SubscriptionForm } from './editor';
import { DEEDS, KINDS } from './shapes';

interface HowProps {
  form: SubscriptionForm;
  /** What it is told over is chosen once. */
  isNew: boolean;
  agents: readonly Agent[];
  teams: readonly Team[];
  tags: readonly Tag[];
}

export function HowPart(props: HowProps) {
  const { form, isNew } = props;
  const { t } = useTextsOf(texts);
  const { kind, url, headers, topic } = form.value.value;
  return (
    <Part title={t('partHow')}>
      {isNew ? (
        <Choices
          label={t('kind')}
          value={kind}
          options={KINDS.map((value) => ({
            value,
            label: t(`kind_${value}`),
            hint: t(`kind_${value}Hint`),
          }))}
          onChange={(next) => form.set({ kind: next })}
        />
      ) : (
        <p>{t(`kind_${kind}`)}</p>
      )}
      {kind === 'webhook' && (
        <>
          <TextInput
            label={t('url')}
            hint={t('urlHint')}
            value={url}
            error={form.errorAt('url')}
            max={2_000}
            mono
            onInput={(next) => form.set({ url: next })}
          />
          <TextArea
            label={t('headers')}
            hint={t('headersHint')}
            value={headers}
            error={form.errorAt('headers')}
            mono
            onInput={(next) => form.set({ headers: next })}
          />
        </>
      )}
      {kind === 'topic' && (
        <TextInput
          label={t('topic')}
          hint={t('topicHint')}
          value={topic}
          error={form.errorAt('topic')}
          max={64}
          mono
          onInput={(next) => form.set({ topic: next })}
        />
      )}
      {kind === 'action' && <ActionFields {...props} />}
    </Part>
  );
}

function ActionFields({ form, agents, teams, tags }: HowProps) {
  const { t } = useTextsOf(texts);
  const draft = form.value.value;
  const error = form.errorAt('action');
  const choices = (list: readonly { id: string; name: string }[]) =>
    [['', t('nobody')] as const, ...list.map(({ id, name }) => [id, name] as const)] as const;
  return (
    <>
      <SelectInput
        label={t('do')}
        value={draft.deed}
        options={DEEDS.map((deed) => [deed, t(`do_${deed}`)] as const)}
        onChange={(deed) => form.set({ deed })}
      />
      {draft.deed === 'assign' && (
        <>
          <SelectInput
            label={t('agent')}
            value={draft.agent}
            error={error}
            options={choices(agents.filter(({ disabled }) => !disabled))}
            onChange={(agent) => form.set({ agent, team: '' })}
          />
          <SelectInput
            label={t('team')}
            value={draft.team}
            options={choices(teams)}
            onChange={(team) => form.set({ team, agent: '' })}
          />
        </>
      )}
      {draft.deed === 'tag' && (
        <Group label={t('tags')} error={error}>
          <div class="form-checks">
            {tags.map(({ id, name }) => (
              <Check
                key={id}
                label={name}
                checked={draft.tags.includes(id)}
                onChange={(on) => {
                  const others = draft.tags.filter((each) => each !== id);
                  form.set({ tags: on ? [...others, id] : others });
                }}
              />
            ))}
          </div>
        </Group>
      )}
      {draft.deed === 'ticket' && (
        <TextInput
          label={t('subject')}
          value={draft.subject}
          error={error}
          max={200}
          onInput={(subject) => form.set({ subject })}
        />
      )}
      {draft.deed === 'reply' && (
        <TextArea
          label={t('reply')}
          value={draft.text}
          error={error}
          onInput={(text) => form.set({ text })}
        />
      )}
    </>
  );
}
