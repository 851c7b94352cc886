import { useEffect, useRef, useState } from 'preact/hooks';
import { texts } from '../../i18n/palette';
import { texts as shortcutTexts } from '../../i18n/shortcuts';
import { Dialog } from '../../ui/dialog';
import { fuzzyScore } from '../../ui/fuzzy';
import { useDesk, useTextsOf } from '../context';
import { pageOf } from './desk-shortcuts';
import './palette.css';
import {
  allowSingleKeys,
  choices,
  chordOf,
  keysOf,
  keyText,
  remap,
  resetShortcuts,
  type Shortcut,
  type ShortcutGroup,
  type ShortcutId,
  SHORTCUTS,
  takenBy,
} from './shortcuts';

const GROUPS = [
  ['general', 'sheetGroupGeneral'],
  ['list', 'sheetGroupList'],
  ['conversation', 'sheetGroupConversation'],
  ['writing', 'sheetGroupWriting'],
  ['go', 'sheetGroupGo'],
] as const satisfies readonly (readonly [ShortcutGroup, string])[];

/** For a second key of the same shortcut. */
const SEQUENCE_MS = 900;

/** All shortcuts; each can be given other keys, or none. */
export default function ShortcutSheet({ onClose }: { onClose(): void }) {
  const desk = useDesk();
  const { t } = useTextsOf(texts);
  const names = useTextsOf(shortcutTexts);
  const [query, setQuery] = useState('');
  const me = desk.me.value;
  const shown = SHORTCUTS.filter(({ id, group }) => {
    const isPage = group === 'go' && id !== 'goInbox' && id !== 'goQueue';
    if (isPage && !pageOf(id)?.allowed(me)) return false;
    return fuzzyScore(query, `${names.t(id)} ${keyText(keysOf(id))}`) !== null;
  });
  return (
    <Dialog title={names.t('sheet')} size="large" onClose={onClose}>
      <div class="sheet-tools">
        <input
          type="search"
          class="input"
          aria-label={t('sheetSearch')}
          placeholder={t('sheetSearch')}
          value={query}
          onInput={({ currentTarget }) => setQuery(currentTarget.value)}
        />
        <label class="check">
          <input
            type="checkbox"
            checked={choices.value.singleKeys}
            onChange={({ currentTarget }) => allowSingleKeys(currentTarget.checked)}
          />
          {t('sheetSingle')}
        </label>
        <button type="button" class="button" onClick={resetShortcuts}>
          {t('sheetReset')}
        </button>
      </div>
      {shown.length === 0 && <p role="status">{t('sheetNothing', { query })}</p>}
      <div class="sheet-groups">
        {GROUPS.map(([group, title]) => {
          const rows = shown.filter((each) => each.group === group);
          if (rows.length === 0) return null;
          return (
            <section key={group} class="sheet-group">
              <h3>{t(title)}</h3>
              <ul>
                {rows.map((each) => (
                  <SheetRow key={each.id} id={each.id} shortcut={each} />
                ))}
              </ul>
            </section>
          );
        })}
      </div>
    </Dialog>
  );
}

function SheetRow({ id, shortcut }: { id: ShortcutId; shortcut: Shortcut }) {
  const { t } = useTextsOf(texts);
  const names = useTextsOf(shortcutTexts);
  const [listening, setListening] = useState(false);
  const [taken, setTaken] = useState<ShortcutId | null>(null);
  const begun = useRef<{ keys: string; timer: ReturnType<typeof setTimeout> } | null>(null);
  useEffect(() => () => clearTimeout(begun.current?.timer), []);
  const name = names.t(id);
  const keys = keysOf(id);
  const shown = keys === '' ? <span class="sheet-none">{t('sheetNone')}</span> : <Keys of={keys} />;
  if (shortcut.fixed) {
    return (
      <li class="sheet-row">
        <span>{name}</span>
        <div class="sheet-keys">{shown}</div>
      </li>
    );
  }
  const stop = () => {
    clearTimeout(begun.current?.timer);
    begun.current = null;
    setListening(false);
  };
  const choose = (wanted: string) => {
    const other = wanted === '' ? null : takenBy(wanted, id);
    setTaken(other);
    if (other === null) remap(id, wanted);
    stop();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!listening) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === 'Escape' || event.key === 'Tab') return stop();
    if (event.key === 'Backspace' || event.key === 'Delete') return choose('');
    const chord = chordOf(event);
    if (chord === null) return;
    const first = begun.current;
    clearTimeout(first?.timer);
    const pressed = first ? `${first.keys} ${chord}` : chord;
    if (first || chord.includes('+')) return choose(pressed);
    begun.current = { keys: pressed, timer: setTimeout(() => choose(pressed), SEQUENCE_MS) };
  };
  return (
    <li class="sheet-row">
      <span>{name}</span>
      <button
        type="button"
        class="sheet-keys"
        aria-pressed={listening}
        onClick={() => {
          setTaken(null);
          setListening(!listening);
        }}
        onBlur={stop}
        onKeyDown={onKeyDown}
      >
        <span class="visually-hidden">{t('sheetChange', { name })}</span>
        {shown}
      </button>
      {listening && (
        <p class="sheet-note" role="status">
          {t('sheetPress')}
        </p>
      )}
      {taken && (
        <p class="sheet-note is-error" role="alert">
          {t('sheetTaken', { name: names.t(taken) })}
        </p>
      )}
    </li>
  );
}

function Keys({ of }: { of: string }) {
  return (
    <>
      {of.split(' ').map((chord) => (
        <kbd key={chord}>{keyText(chord)}</kbd>
      ))}
    </>
  );
}
