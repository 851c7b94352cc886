import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { CannedReply } from '../../../protocol/types';
import { texts } from '../../../i18n/chat';
import { useSlow } from '../../../ui/hooks';
import { Icon } from '../../../ui/icons';
import { useConsole, useDesk, useTextsOf } from '../../context';
import { causeOf } from '../../loaded';
import { ComboField, optionId } from '../combo-field';
import type { PanelProps } from '../panel';
import { filled } from './fill';
import { matching } from './match';
import { cannedRepliesOf } from './replies';
import '../dialogs.css';
import './canned.css';

/** Canned replies above the field: type to find one, Enter puts it in. */
export default function CannedPicker({ chat, conversation, close }: PanelProps) {
  const desk = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const replies = cannedRepliesOf(desk);
  const { writing } = chat;
  // What was typed after the slash while this was being loaded belongs to the search.
  const slash = useRef('');
  const [query, setQuery] = useState('');
  const [folder, setFolder] = useState<string | null>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  const [inserting, setInserting] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const field = useRef<HTMLInputElement>(null);
  const root = useRef<HTMLDivElement>(null);
  const listId = useId();

  // Before anybody can type on: the search field has the cursor by then.
  useLayoutEffect(() => {
    const typed = writing.text.peek();
    if (/^[/、]/.test(typed)) {
      slash.current = typed[0]!;
      setQuery(typed.slice(1));
      writing.write('');
    }
  }, []);
  useEffect(() => void replies.load(), []);

  useEffect(() => {
    const onPointer = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) close();
    };
    document.addEventListener('pointerdown', onPointer);
    return () => document.removeEventListener('pointerdown', onPointer);
  });

  const state = replies.state.value;
  const slow = useSlow(state === 'loading', 150);
  const all = typeof state === 'string' ? NONE : state;
  const folders = useMemo(
    () => [...new Set(all.map((each) => each.folder))].filter((each) => each !== '').sort(),
    [all],
  );
  const shown = useMemo(
    () => matching(query, folder === null ? all : all.filter((each) => each.folder === folder)),
    [query, folder, all],
  );
  const active = shown.find((each) => each.id === chosen) ?? shown[0] ?? null;

  const insert = async (reply: CannedReply) => {
    if (inserting) return;
    setInserting(true);
    setError(null);
    try {
      const text = await replies.render(reply, chat.id);
      close();
      writing.insert(text);
    } catch (cause) {
      setError(causeOf(cause, i18n));
      setInserting(false);
    }
  };
  const giveUp = () => {
    // A slash that was meant as one.
    if (slash.current !== '') writing.write(slash.current + query);
    close();
    writing.focus();
  };
  const onKey = (event: KeyboardEvent) => {
    // Keys of the desk have no business here.
    event.stopPropagation();
    if (event.isComposing) return;
    if (event.key === 'Escape') {
      event.preventDefault();
      giveUp();
    } else if (event.key === 'Backspace' && query === '' && slash.current !== '') {
      event.preventDefault();
      slash.current = '';
      giveUp();
    }
  };

  return (
    <div
      ref={root}
      class="canned"
      role="dialog"
      aria-label={t('cannedTitle')}
      aria-busy={inserting}
      onKeyDown={onKey}
    >
      <div class="canned-head">
        <ComboField
          label={t('cannedSearch')}
          listId={listId}
          keys={shown.map((each) => each.id)}
          active={active?.id ?? null}
          value={query}
          field={field}
          onInput={(value) => {
            setQuery(value);
            setChosen(null);
          }}
          onMove={setChosen}
          onPick={() => active && void insert(active)}
        />
        <button type="button" class="icon-button" aria-label={i18n.t('close')} onClick={giveUp}>
          <Icon name="close" size={18} />
        </button>
      </div>
      {folders.length > 0 && (
        <div class="canned-folders" role="group" aria-label={t('cannedFolders')}>
          {[null, ...folders].map((each) => (
            <button
              key={each ?? ''}
              type="button"
              class="chip-button"
              aria-pressed={folder === each}
              onClick={() => {
                setFolder(each);
                field.current?.focus();
              }}
            >
              {each ?? t('cannedAll')}
            </button>
          ))}
        </div>
      )}
      {error !== null && (
        <p class="trouble is-danger" role="alert">
          <Icon name="alert" size={16} />
          <span>{error}</span>
        </p>
      )}
      {state === 'error' ? (
        <div class="canned-state" role="alert">
          <p>{t('cannedFailed')}</p>
          <button type="button" class="link-button" onClick={() => void replies.load()}>
            {i18n.t('retry')}
          </button>
        </div>
      ) : state === 'loading' ? (
        <div class="canned-state" role="status" aria-label={i18n.t('loading')}>
          {slow && <span class="spinner" />}
        </div>
      ) : (
        // On a narrow screen list and preview scroll as one, also by key.
        <div class="canned-body" role="group" aria-label={t('cannedTitle')} tabIndex={0}>
          <ul class="choice-list" id={listId} role="listbox" aria-label={t('cannedTitle')}>
            {shown.map((reply) => (
              <li
                key={reply.id}
                id={optionId(listId, reply.id)}
                class="choice"
                role="option"
                aria-selected={reply === active}
                onPointerMove={() => setChosen(reply.id)}
                onClick={() => void insert(reply)}
              >
                <span class="choice-text">
                  <span class="canned-title">{reply.title}</span>
                  <span class="hint">{reply.text}</span>
                </span>
                <code>/{reply.shortcut}</code>
              </li>
            ))}
          </ul>
          {shown.length === 0 && (
            <p class="canned-state">{t(all.length === 0 ? 'cannedNone' : 'cannedNoMatch')}</p>
          )}
          {active && <Preview reply={active} chat={chat} conversation={conversation} />}
        </div>
      )}
      <p class="canned-foot hint">{t('cannedKeys')}</p>
    </div>
  );
}

const NONE: readonly CannedReply[] = [];

type PreviewProps = Pick<PanelProps, 'chat' | 'conversation'> & { reply: CannedReply };

function Preview({ reply, chat, conversation }: PreviewProps) {
  const desk = useDesk();
  const { t, count } = useTextsOf(texts);
  const visitor = chat.visitor.value;
  const pieces = filled(reply.text, {
    agent: desk.me.value,
    conversation,
    visitor: typeof visitor === 'string' ? null : visitor,
  });
  return (
    <div class="canned-preview">
      <p class="canned-preview-text" dir="auto">
        {pieces.map((piece, at) =>
          piece.filled ? (
            <mark key={at} class={piece.missing ? 'is-missing' : ''}>
              {piece.text}
            </mark>
          ) : (
            piece.text
          ),
        )}
      </p>
      <p class="hint">
        {reply.shared ? t('cannedShared') : t('cannedOwn')} · {count('cannedUses', reply.uses)}
        {pieces.some((piece) => piece.missing) && ` · ${t('cannedMissing')}`}
      </p>
    </div>
  );
}
