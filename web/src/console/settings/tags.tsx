import { useMemo } from 'preact/hooks';
import { texts as formTexts } from '../../i18n/forms';
import { texts } from '../../i18n/settings';
import { css, parseColour, readable, type Rgb } from '../../ui/colour';
import { useDesk, useTextsOf } from '../context';
import { Form, type Problems } from '../forms/form';
import { FormView } from '../forms/form-view';
import { Group, TextInput } from '../forms/inputs';
import { pageHref } from '../router';
import { type List, useList } from './lists';
import { ListEditor, Part, RemoveButton } from './section';
import type { Tag } from './shapes';

export default function Tags() {
  const { t } = useTextsOf(texts);
  const tags = useList<Tag>('tags');
  return (
    <ListEditor
      name="tags"
      title={t('tags')}
      lead={t('tagsLead')}
      load={tags}
      textOf={({ name, group }) => `${name} ${group}`}
      groupOf={({ group }) => group}
      row={(tag) => <TagChip name={tag.name} colour={tag.colour} />}
      add={t('add')}
      empty={t('tagsEmpty')}
      editor={(tag) => <TagEditor tag={tag} tags={tags} />}
    />
  );
}

const GREY = '#808080';
const COLOURS = [
  GREY,
  '#c0392b',
  '#d35400',
  '#b7950b',
  '#1e8449',
  '#117a8b',
  '#2e6fd8',
  '#7d3cbb',
  '#c2348b',
];
const LIGHT: Rgb = { r: 255, g: 255, b: 255 };
const DARK: Rgb = { r: 20, g: 23, b: 28 };

/** A tag in its colour, which is moved until its text can be read by day and by night. */
export function TagChip({ name, colour }: { name: string; colour: string }) {
  const rgb = parseColour(colour) ?? parseColour(GREY)!;
  return (
    <span
      class="tag-chip"
      style={{
        '--tag': css(rgb),
        '--tag-light': css(readable(rgb, LIGHT)),
        '--tag-dark': css(readable(rgb, DARK)),
      }}
    >
      {name}
    </span>
  );
}

type TagDraft = Pick<Tag, 'name' | 'colour' | 'group'>;

function TagEditor({ tag, tags }: { tag: Tag | null; tags: List<Tag> }) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const { t: say } = useTextsOf(formTexts);
  const id = tag?.id ?? 'new';
  const form = useMemo(
    () =>
      new Form<TagDraft>({
        value: { name: tag?.name ?? '', colour: tag?.colour ?? GREY, group: tag?.group ?? '' },
        check: ({ name, colour }): Problems => ({
          ...(name.trim() === '' ? { name: say('required') } : {}),
          ...(/^#[0-9a-f]{6}$/i.test(colour) ? {} : { colour: t('colourWrong') }),
        }),
        save: async (draft) => {
          const saved = tag
            ? await api.patch<Tag>(`tags/${tag.id}`, draft)
            : await api.post<Tag>('tags', draft);
          tags.put(saved);
          if (!tag) location.hash = pageHref('settings', ['tags', saved.id]);
          return { name: saved.name, colour: saved.colour, group: saved.group };
        },
      }),
    [id],
  );
  const draft = form.value.value;
  const groups = [...new Set(tags.now().map(({ group }) => group))].filter((group) => group !== '');
  return (
    <>
      <h2 class="settings-editor-title">{tag ? draft.name || tag.name : t('tagNew')}</h2>
      <FormView form={form} scope={pageHref('settings', ['tags', id])} creates={tag === null}>
        <Part title={t('partTag')}>
          <TextInput
            label={t('name')}
            value={draft.name}
            error={form.errorAt('name')}
            max={200}
            onInput={(name) => form.set({ name })}
          />
          <TextInput
            label={t('tagGroup')}
            hint={t('tagGroupHint')}
            value={draft.group}
            error={form.errorAt('group')}
            list={groups}
            max={200}
            onInput={(group) => form.set({ group })}
          />
          <Group label={t('tagColour')} hint={t('tagColourHint')} error={form.errorAt('colour')}>
            <div class="swatches">
              {COLOURS.map((colour) => (
                <button
                  key={colour}
                  type="button"
                  class="swatch"
                  style={{ background: colour }}
                  aria-label={colour}
                  aria-pressed={draft.colour === colour}
                  onClick={() => form.set({ colour })}
                />
              ))}
              <input
                class="colour-input"
                type="color"
                aria-label={t('tagColourOwn')}
                value={parseColour(draft.colour) ? draft.colour : GREY}
                onInput={(event) => form.set({ colour: event.currentTarget.value })}
              />
            </div>
          </Group>
          <p>
            <TagChip name={draft.name || t('tagNew')} colour={draft.colour} />
          </p>
        </Part>
        {tag && (
          <div class="settings-editor-end">
            <RemoveButton
              label={t('tagRemove')}
              title={t('tagRemoveTitle', { name: tag.name })}
              text={t('tagRemoveText')}
              run={async () => {
                await api.delete(`tags/${tag.id}`);
                form.discard();
                location.hash = pageHref('settings', ['tags']);
                tags.drop(tag.id);
              }}
            />
          </div>
        )}
      </FormView>
    </>
  );
}
