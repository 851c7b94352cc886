import { texts } from '../../i18n/knowledge';
import { useTextsOf } from '../context';
import type { Form } from '../forms/form';
import { Check, Choices, Group, SelectInput, TextInput } from '../forms/inputs';
import type { ArticleDraft } from './draft';
import type { InboxName } from './lists';
import { type Category, nameOf, STATES } from './shapes';
import { useLanguage } from './use-language';

interface DetailsFormProps {
  form: Form<ArticleDraft>;
  categories: readonly Category[];
  inboxes: readonly InboxName[];
  isNew: boolean;
}

/** All that is not text. */
export function DetailsForm({ form, categories, inboxes, isNew }: DetailsFormProps) {
  const { t } = useTextsOf(texts);
  const language = useLanguage();
  const draft = form.value.value;
  return (
    <section class="form-card article-details" aria-label={t('details')}>
      <Choices
        label={t('state')}
        value={draft.state}
        error={form.errorAt('state')}
        options={STATES.map((state) => ({
          value: state,
          label: t(`state_${state}`),
          hint: t(`state_${state}Hint`),
        }))}
        onChange={(state) => form.set({ state })}
      />
      <Check
        label={t('pinned')}
        hint={t('pinnedHint')}
        checked={draft.pinned}
        onChange={(pinned) => form.set({ pinned })}
      />
      <SelectInput
        label={t('category')}
        value={draft.category_id ?? ''}
        error={form.errorAt('category_id')}
        options={[
          ['', t('noCategory')],
          ...categories.map((each) => [each.id, nameOf(each, language)] as const),
        ]}
        onChange={(id) => form.set({ category_id: id || null })}
      />
      <TextInput
        label={t('slug')}
        hint={t(isNew ? 'slugHintNew' : 'slugHint')}
        value={draft.slug}
        error={form.errorAt('slug')}
        mono
        max={80}
        onInput={(slug) => form.set({ slug })}
      />
      <Group label={t('inboxes')} hint={t('inboxesHint')} error={form.errorAt('inbox_ids')}>
        <div class="form-checks">
          {inboxes.map(({ id, name }) => (
            <Check
              key={id}
              label={name}
              checked={draft.inbox_ids.includes(id)}
              onChange={(on) =>
                form.set({
                  inbox_ids: on
                    ? [...draft.inbox_ids, id]
                    : draft.inbox_ids.filter((each) => each !== id),
                })
              }
            />
          ))}
        </div>
      </Group>
    </section>
  );
}
