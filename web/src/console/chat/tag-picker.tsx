import { useId, useState } from 'preact/hooks';
import type { Page, Tag } from '../../protocol/types';
import { texts } from '../../i18n/chat';
import { Icon } from '../../ui/icons';
import { useLoad } from '../../ui/load';
import { useDesk, useTextsOf } from '../context';
import { Loaded } from '../loaded';
import type { Chat } from './chat';
import { ComboField, optionId } from './combo-field';
import { finds } from './search/fuzzy';
import './dialogs.css';

/** As many as the server takes. */
const TAGS_MAX = 20;

export default function TagPicker({ chat, close }: { chat: Chat; close(): void }) {
  const desk = useDesk();
  const tags = useLoad('tags', (signal) => desk.api.get<Page<Tag>>('tags', {}, { signal }));
  return (
    <div class="tag-picker">
      <Loaded of={tags}>{(page) => <TagList chat={chat} all={page.items} close={close} />}</Loaded>
    </div>
  );
}

function TagList({ chat, all, close }: { chat: Chat; all: readonly Tag[]; close(): void }) {
  const { t } = useTextsOf(texts);
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState<string | null>(null);
  const listId = useId();
  const { handling } = chat;
  const held = handling.tags.value;
  const shown = all.filter((tag) => finds(query, `${tag.name} ${tag.group}`));
  const active = shown.find((each) => each.id === chosen) ?? shown[0] ?? null;
  const has = (tag: Tag) => held.some((each) => each.id === tag.id);
  const toggle = (tag: Tag) => {
    if (has(tag)) void handling.setTags(held.filter((each) => each.id !== tag.id));
    else if (held.length < TAGS_MAX) void handling.setTags([...held, tag]);
  };
  if (all.length === 0) return <p class="picker-state">{t('tagsNone')}</p>;
  return (
    <>
      <ComboField
        label={t('tagsSearch')}
        listId={listId}
        keys={shown.map((each) => each.id)}
        active={active?.id ?? null}
        value={query}
        onInput={setQuery}
        onMove={setChosen}
        onPick={() => active && toggle(active)}
      />
      <ul
        class="choice-list"
        id={listId}
        role="listbox"
        aria-multiselectable="true"
        aria-label={t('tagsTitle')}
      >
        {shown.map((tag) => (
          <li
            key={tag.id}
            id={optionId(listId, tag.id)}
            class={`choice ${tag === active ? 'is-active' : ''}`}
            role="option"
            aria-selected={has(tag)}
            onClick={() => toggle(tag)}
          >
            <i class="tag-dot" style={{ background: tag.colour }} />
            <span class="choice-text">
              {tag.name}
              {tag.group !== '' && <span class="hint">{tag.group}</span>}
            </span>
            {has(tag) && <Icon name="check" size={16} />}
          </li>
        ))}
      </ul>
      {shown.length === 0 && <p class="picker-state">{t('tagsNoMatch')}</p>}
      <button type="button" class="button" onClick={close}>
        {t('done')}
      </button>
    </>
  );
}
