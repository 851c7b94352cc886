import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { texts } from '../../i18n/chat';
import type { Page, Tag } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { useLoad } from '../../ui/load';
import { useDesk, useTextsOf } from '../context';
import { Loaded } from '../loaded';
import { ComboField, optionId } from './combo-field';
import { finds } from './search/fuzzy';
import './dialogs.css';

interface TagChoicesProps {
  has(tag: Tag): boolean;
  toggle(tag: Tag): void;
  /** What stands below the list, where there are tags at all. */
  children: ComponentChildren;
}

/** The company's tags, to be searched and chosen from. */
export function TagChoices(props: TagChoicesProps) {
  const desk = useDesk();
  const { t } = useTextsOf(texts);
  const tags = useLoad('tags', (signal) => desk.api.get<Page<Tag>>('tags', {}, { signal }));
  return (
    <Loaded of={tags}>
      {({ items }) => {
        if (items.length === 0) return <p class="picker-state">{t('tagsNone')}</p>;
        return <Choices {...props} all={items} />;
      }}
    </Loaded>
  );
}

function Choices({ all, has, toggle, children }: TagChoicesProps & { all: readonly Tag[] }) {
  const { t } = useTextsOf(texts);
  const [query, setQuery] = useState('');
  const [pointed, setPointed] = useState<string | null>(null);
  const listId = useId();
  const shown = all.filter((tag) => finds(query, `${tag.name} ${tag.group}`));
  const active = shown.find((tag) => tag.id === pointed) ?? shown[0] ?? null;
  return (
    <>
      <ComboField
        label={t('tagsSearch')}
        listId={listId}
        keys={shown.map((tag) => tag.id)}
        active={active?.id ?? null}
        value={query}
        onInput={setQuery}
        onMove={setPointed}
        onPick={() => active && toggle(active)}
      />
      <ul
        class="choice-list is-of-tags"
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
      {children}
    </>
  );
}
