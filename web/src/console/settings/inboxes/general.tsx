import { texts } from '../../../i18n/inboxes';
import { useTextsOf } from '../../context';
import {
  Check,
  LinesInput,
  SelectInput,
  TextArea,
  TextInput,
  WordsInput,
} from '../../forms/inputs';
import { Part } from '../section';
import type { Team } from '../shapes';
import { changeSettings, type InboxForm } from './form';

interface GeneralProps {
  form: InboxForm;
  isNew: boolean;
  teams: readonly Team[];
  skills: readonly string[];
}

export function GeneralTab({ form, isNew, teams, skills }: GeneralProps) {
  const { t } = useTextsOf(texts);
  const draft = form.value.value;
  const { settings } = draft;
  return (
    <>
      <Part title={t('partName')}>
        <TextInput
          label={t('name')}
          hint={t('nameHint')}
          value={draft.name}
          error={form.errorAt('name')}
          max={200}
          onInput={(name) => form.set({ name })}
        />
        <TextInput
          label={t('key')}
          hint={t(isNew ? 'keyHint' : 'keyStays')}
          value={draft.key}
          error={form.errorAt('key')}
          disabled={!isNew}
          mono
          max={40}
          onInput={(key) => form.set({ key })}
        />
        <TextArea
          label={t('greeting')}
          hint={t('greetingHint')}
          value={draft.greeting}
          error={form.errorAt('greeting')}
          onInput={(greeting) => form.set({ greeting })}
        />
      </Part>
      <Part title={t('partAccess')}>
        <LinesInput
          label={t('origins')}
          hint={t('originsHint')}
          placeholder="https://shop.example"
          value={draft.origins}
          error={form.errorAt('origins')}
          onInput={(origins) => form.set({ origins })}
        />
        <Check
          label={t('identityRequired')}
          hint={t('identityRequiredHint')}
          checked={draft.identity_required}
          onChange={(identity_required) => form.set({ identity_required })}
        />
      </Part>
      <Part title={t('partRouting')}>
        <SelectInput
          label={t('team')}
          hint={t('teamHint')}
          value={settings.team_id ?? ''}
          error={form.errorAt('team_id')}
          options={[['', t('anybody')], ...teams.map(({ id, name }) => [id, name] as const)]}
          onChange={(id) => changeSettings(form, { team_id: id || undefined })}
        />
        <WordsInput
          label={t('skills')}
          hint={
            skills.length > 0 ? t('skillsKnown', { skills: skills.join('、') }) : t('skillsHint')
          }
          value={settings.skills ?? []}
          error={form.errorAt('skills')}
          onInput={(names) =>
            changeSettings(form, { skills: names.length > 0 ? names : undefined })
          }
        />
      </Part>
      <WrapUpPart form={form} />
      {!isNew && (
        <Part title={t('partHelp')}>
          <Check
            label={t('helpShown')}
            hint={
              <>
                {t('helpShownHint')}{' '}
                {!settings.help_hidden && (
                  <a href={`/help/${draft.key}`} target="_blank" rel="noopener">
                    /help/{draft.key}
                  </a>
                )}
              </>
            }
            checked={!settings.help_hidden}
            onChange={(shown) => changeSettings(form, { help_hidden: shown ? undefined : true })}
          />
        </Part>
      )}
    </>
  );
}

/** What agents are asked when they end a conversation. */
function WrapUpPart({ form }: { form: InboxForm }) {
  const { t } = useTextsOf(texts);
  const { required = false, categories = [] } = form.value.value.settings.wrap_up ?? {};
  const set = (required: boolean, categories: readonly string[]) =>
    changeSettings(form, {
      wrap_up:
        required || categories.length > 0
          ? {
              ...(required && { required }),
              ...(categories.length > 0 && { categories: [...categories] }),
            }
          : undefined,
    });
  return (
    <Part title={t('partWrapUp')} lead={t('partWrapUpLead')}>
      <LinesInput
        label={t('wrapUpCategories')}
        hint={t('wrapUpCategoriesHint')}
        placeholder={t('wrapUpExample')}
        value={categories}
        error={form.errorAt('wrap_up.categories')}
        onInput={(names) => set(required, names)}
      />
      <Check
        label={t('wrapUpRequired')}
        hint={t('wrapUpRequiredHint')}
        checked={required}
        onChange={(on) => set(on, categories)}
      />
    </Part>
  );
}
