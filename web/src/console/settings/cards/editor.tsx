import { useMemo, useState } from 'preact/hooks';
import { texts } from '../../../i18n/cards';
import type { QueryCard } from '../../../protocol/cards';
import { useConsole, useDesk, useTextsOf } from '../../context';
import { Conflict } from '../../forms/conflict';
import { Form, type Problems } from '../../forms/form';
import { FormView } from '../../forms/form-view';
import {
  Check,
  Group,
  NumberInput,
  SelectInput,
  TextArea,
  TextInput,
} from '../../forms/inputs';
import { pageHref } from '../../router';
import { type List, patched } from '../lists';
import { Part, RemoveButton } from '../section';
import type { Inbox } from '../shapes';
import { bodyOf, type CardDraft, draftOf, jsonProblem, wrongVariable } from './draft';
import type { Example } from './index';

const SOURCES = [
  'visitor.id',
  'visitor.external_id',
  'visitor.name',
  'visitor.email',
  'visitor.phone',
  'visitor.attributes.…',
  'customer.id',
  'conversation.id',
  'conversation.inbox_id',
  'conversation.last_text',
  'agent.id',
  'agent.email',
  'ticket.id',
].join(', ');

interface EditorProps {
  card: QueryCard | null;
  cards: List<QueryCard>;
  inboxes: readonly Inbox[];
  examples: readonly Example[];
}

export function CardEditor({ card, cards, inboxes, examples }: EditorProps) {
  const { api } = useDesk();
  const { locale } = useConsole().i18n;
  const { t } = useTextsOf(texts);
  const [example, setExample] = useState('');
  const id = card?.id ?? 'new';
  const form = useMemo(
    () =>
      new Form<CardDraft>({
        value: draftOf(card),
        check: (draft) => problemsOf(draft, t),
        save: async (draft) => {
          if (card === null) {
            const made = await api.post<QueryCard>('cards', bodyOf(draft));
            cards.put(made);
            location.hash = pageHref('settings', ['cards', made.id]);
            return draftOf(made);
          }
          const version = cards.now().find((each) => each.id === id)?.version ?? card.version;
          const body = { ...bodyOf(draft), version };
          const { item, isTheirs } = await patched(api, 'cards', cards, id, body);
          if (isTheirs) throw new Conflict(draftOf(item));
          return draftOf(item);
        },
      }),
    [id],
  );
  const draft = form.value.value;
  const name = locale.value === 'en' ? draft.en : draft.zh;
  return (
    <>
      <h2 class="settings-editor-title">{name || t('new')}</h2>
      <FormView form={form} scope={pageHref('settings', ['cards', id])} creates={card === null}>
        {card === null && (
          <Part title={t('partExample')}>
            <SelectInput
              label={t('example')}
              hint={examples.find((each) => each.id === example)?.about[locale.value]}
              value={example}
              options={[
                ['', t('exampleNone')] as const,
                ...examples.map((each) => [each.id, each.title[locale.value]] as const),
              ]}
              onChange={(chosen) => {
                setExample(chosen);
                form.set(draftOf(examples.find((each) => each.id === chosen) ?? null));
              }}
            />
          </Part>
        )}
        <Part title={t('partCard')}>
          <TextInput
            label={t('titleZh')}
            value={draft.zh}
            error={form.errorAt('zh', 'title.zh-CN')}
            max={80}
            onInput={(zh) => form.set({ zh })}
          />
          <TextInput
            label={t('titleEn')}
            value={draft.en}
            error={form.errorAt('en', 'title')}
            max={80}
            onInput={(en) => form.set({ en })}
          />
          <Check
            label={t('enabled')}
            checked={draft.is_enabled}
            onChange={(is_enabled) => form.set({ is_enabled })}
          />
          <NumberInput
            label={t('position')}
            hint={t('positionHint')}
            value={draft.position}
            error={form.errorAt('position')}
            onInput={(position) => form.set({ position })}
          />
          <Group label={t('inboxes')} hint={t('inboxesHint')} error={form.errorAt('inboxes')}>
            <div class="form-checks">
              {inboxes.map((inbox) => (
                <Check
                  key={inbox.id}
                  label={inbox.name}
                  checked={draft.inboxes.includes(inbox.id)}
                  onChange={(on) => {
                    const others = draft.inboxes.filter((each) => each !== inbox.id);
                    form.set({ inboxes: on ? [...others, inbox.id] : others });
                  }}
                />
              ))}
            </div>
          </Group>
        </Part>
        <Part title={t('partQuery')}>
          <TextArea
            label={t('query')}
            hint={t('queryHint')}
            value={draft.query}
            error={form.errorAt('query')}
            rows={8}
            mono
            onInput={(query) => form.set({ query })}
          />
          <TextArea
            label={t('variables')}
            hint={t('variablesHint', { sources: SOURCES })}
            value={draft.variables}
            error={form.errorAt('variables')}
            mono
            onInput={(variables) => form.set({ variables })}
          />
        </Part>
        <Part title={t('partView')}>
          <TextArea
            label={t('view')}
            hint={t('viewHint')}
            value={draft.view}
            error={form.errorAt('view')}
            rows={16}
            mono
            onInput={(view) => form.set({ view })}
          />
        </Part>
        {card && (
          <div class="settings-editor-end">
            <RemoveButton
              label={t('remove')}
              title={t('removeTitle', { name: card.title[locale.value] })}
              text={t('removeText')}
              run={async () => {
                await api.delete(`cards/${card.id}`);
                form.discard();
                location.hash = pageHref('settings', ['cards']);
                cards.drop(card.id);
              }}
            />
          </div>
        )}
      </FormView>
    </>
  );
}

type Say = ReturnType<typeof useTextsOf<keyof typeof texts.en>>['t'];

function problemsOf(draft: CardDraft, t: Say): Problems {
  const line = wrongVariable(draft.variables);
  const reason = jsonProblem(draft.view);
  return {
    ...(draft.zh.trim() === '' && { zh: t('required') }),
    ...(draft.en.trim() === '' && { en: t('required') }),
    ...(draft.query.trim() === '' && { query: t('required') }),
    ...(line !== null && { variables: t('variablesWrong', { n: line }) }),
    ...(reason !== null && { view: t('viewWrong', { reason }) }),
  };
}
