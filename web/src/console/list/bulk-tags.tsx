import { useId, useState } from 'preact/hooks';
import { texts } from '../../i18n/bulk';
import { texts as chatTexts } from '../../i18n/chat';
import type { Page, Tag } from '../../protocol/types';
import { Dialog } from '../../ui/dialog';
import { Icon } from '../../ui/icons';
import { useLoad } from '../../ui/load';
import { ComboField, optionId } from '../chat/combo-field';
import { finds } from '../chat/search/fuzzy';
import { useDesk, useTextsOf } from '../context';
import { Loaded } from '../loaded';
import { subjects } from '../shell/overlays';
import { tagAll } from './bulk';
import '../chat/dialogs.css';
import './dialogs.css';

/** Adds tags to all that are selected. */
export default function BulkTags({ onClose }: { onClose(): void }) {
  const desk = useDesk();
  const { count } = useTextsOf(texts);
  const tags = useLoad('tags', (signal) => desk.api.get<Page<Tag>>('tags', {}, { signal }));
  return (
    <Dialog title={count('tagMany', subjects.value.length)} onClose={onClose}>
      <Loaded of={tags}>{(page) => <Form all={page.items} onClose={onClose} />}</Loaded>
    </Dialog>
  );
}

function Form({ all, onClose }: { all: readonly Tag[]; onClose(): void }) {
  const desk = useDesk();
  const { t } = useTextsOf(chatTexts);
  const own = useTextsOf(texts);
  const [query, setQuery] = useState('');
  const [active, setActive] = useState<string | null>(null);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const listId = useId();
  const shown = all.filter((tag) => finds(query, `${tag.name} ${tag.group}`));
  const current = shown.find(({ id }) => id === active) ?? shown[0] ?? null;
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };
  if (all.length === 0) return <p class="hint">{t('tagsNone')}</p>;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onClose();
        void tagAll(desk, subjects.peek(), [...chosen]);
      }}
    >
      <ComboField
        label={t('tagsSearch')}
        listId={listId}
        keys={shown.map(({ id }) => id)}
        active={current?.id ?? null}
        value={query}
        onInput={setQuery}
        onMove={setActive}
        onPick={() => current && toggle(current.id)}
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
            class={`choice ${tag === current ? 'is-active' : ''}`}
            role="option"
            aria-selected={chosen.has(tag.id)}
            onClick={() => toggle(tag.id)}
          >
            <i class="tag-dot" style={{ background: tag.colour }} />
            <span class="choice-text">{tag.name}</span>
            {chosen.has(tag.id) && <Icon name="check" size={16} />}
          </li>
        ))}
      </ul>
      {shown.length === 0 && <p class="hint">{t('tagsNoMatch')}</p>}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          {t('cancel')}
        </button>
        <button type="submit" class="button is-primary" disabled={chosen.size === 0}>
          {own.count('addTags', chosen.size)}
        </button>
      </div>
    </form>
  );
}
