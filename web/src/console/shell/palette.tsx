import { useId, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { texts } from '../../i18n/palette';
import { texts as shortcutTexts } from '../../i18n/shortcuts';
import { fuzzyScore } from '../../ui/fuzzy';
import { Icon } from '../../ui/icons';
import { useConsole, useDesk, useTextsOf } from '../context';
import { pageHref } from '../router';
import { type Command, type CommandGroup, commandsOf } from './palette-commands';
import './palette.css';
import { keysOf, keyText } from './shortcuts';

const GROUP_TEXTS = {
  actions: 'groupActions',
  conversations: 'groupConversations',
  views: 'groupViews',
  pages: 'groupPages',
  status: 'groupStatus',
  language: 'groupLanguage',
  theme: 'groupTheme',
  more: 'groupMore',
} as const satisfies Record<CommandGroup, string>;

/** Of each group, so that many conversations do not hide the rest. */
const SHOWN_MAX = 8;
const UNASKED_MAX = 5;

/** Everything that the console can do, by its name. */
export default function Palette({ onClose }: { onClose(): void }) {
  const desk = useDesk();
  const { i18n } = useConsole();
  const { t, count } = useTextsOf(texts);
  const names = useTextsOf(shortcutTexts);
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const [query, setQuery] = useState('');
  const [at, setAt] = useState(0);
  const all = useMemo(() => commandsOf(desk, i18n, (each) => names.t(each)), [desk]);
  const asked = query.trim();
  const found = useMemo(() => {
    const fitting = fit(all, asked);
    return asked === '' ? fitting : [...fitting, searchFor(asked, t('searchFor', { query: asked }))];
  }, [all, asked]);

  useLayoutEffect(() => {
    const before = document.activeElement;
    const element = dialog.current;
    element?.showModal();
    return () => {
      element?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  useLayoutEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [at, found]);

  const run = (command: Command | undefined) => {
    if (!command) return;
    onClose();
    command.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.isComposing) return;
    const last = found.length - 1;
    const moves: Record<string, number> = {
      ArrowDown: at >= last ? 0 : at + 1,
      ArrowUp: at <= 0 ? last : at - 1,
      PageDown: Math.min(at + 8, last),
      PageUp: Math.max(at - 8, 0),
    };
    if (event.key in moves) setAt(moves[event.key]!);
    else if (event.key === 'Enter') run(found[at]);
    else if (event.key === 'Escape') onClose();
    else return;
    event.preventDefault();
  };
  const option = (index: number) => `${id}-${index}`;
  return (
    <dialog
      ref={dialog}
      class="palette"
      aria-label={t('title')}
      onKeyDown={onKeyDown}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
    >
      <div class="palette-field">
        <Icon name="search" size={20} />
        <input
          type="text"
          role="combobox"
          autocomplete="off"
          autofocus
          aria-expanded={found.length > 0}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={found.length > 0 ? option(at) : undefined}
          aria-label={t('field')}
          placeholder={t('field')}
          value={query}
          onInput={({ currentTarget }) => {
            setQuery(currentTarget.value);
            setAt(0);
          }}
        />
      </div>
      <div class="palette-list" id={`${id}-list`} role="listbox" aria-label={t('title')} ref={list}>
        {found.map((command, index) => (
          <Option
            key={command.id}
            id={option(index)}
            command={command}
            title={
              command.group === found[index - 1]?.group ? null : t(GROUP_TEXTS[command.group])
            }
            selected={index === at}
            onRun={() => run(command)}
            onPoint={() => setAt(index)}
          />
        ))}
      </div>
      <p class="visually-hidden" role="status">
        {asked !== '' && count('results', found.length)}
      </p>
    </dialog>
  );
}

interface OptionProps {
  id: string;
  command: Command;
  /** Name of the group that begins here. */
  title: string | null;
  selected: boolean;
  onRun(): void;
  onPoint(): void;
}

function Option({ id, command, title, selected, onRun, onPoint }: OptionProps) {
  const { icon, text, hint, shortcut } = command;
  const keys = shortcut ? keysOf(shortcut) : '';
  return (
    <>
      {title && (
        <p class="menu-title" aria-hidden="true">
          {title}
        </p>
      )}
      <div
        id={id}
        role="option"
        aria-selected={selected}
        class="palette-option"
        onClick={onRun}
        onPointerMove={selected ? undefined : onPoint}
      >
        <Icon name={icon} size={18} />
        <span class="palette-text">{text}</span>
        {hint && <span class="palette-hint">{hint}</span>}
        {keys !== '' && <kbd>{keyText(keys)}</kbd>}
      </div>
    </>
  );
}

/** What fits best comes first, in the order of the groups. */
function fit(all: readonly Command[], query: string): Command[] {
  const shown = query === '' ? UNASKED_MAX : SHOWN_MAX;
  return (Object.keys(GROUP_TEXTS) as CommandGroup[]).flatMap((group) =>
    all
      .filter((each) => each.group === group)
      .flatMap((each) => {
        const score = fuzzyScore(query, each.text);
        return score === null ? [] : [{ each, score }];
      })
      .sort((a, b) => b.score - a.score)
      .slice(0, shown)
      .map(({ each }) => each),
  );
}

function searchFor(query: string, text: string): Command {
  const run = () => void (location.hash = pageHref('search', [], { q: query }));
  return { id: 'search-for', group: 'more', icon: 'search', text, run };
}
