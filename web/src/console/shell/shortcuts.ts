import { useLayoutEffect, useRef } from 'preact/hooks';
import { Stored } from '../stored';

export type ShortcutGroup = 'general' | 'list' | 'conversation' | 'writing' | 'go';

export interface Shortcut {
  /** Names its text in `i18n/shortcuts.ts`, too. */
  readonly id: string;
  /**
   * `Mod` is ⌘ on a Mac and Ctrl elsewhere. A space stands between keys that are pressed one after
   * the other.
   */
  readonly keys: string;
  readonly group: ShortcutGroup;
  /** Cannot be changed: a field or the browser gives it its meaning. */
  readonly fixed?: true;
}

/** All shortcuts, in the order of the sheet. `go…` ends in the name of a page. */
export const SHORTCUTS = [
  { id: 'palette', keys: 'Mod+K', group: 'general' },
  { id: 'sheet', keys: '?', group: 'general' },
  { id: 'search', keys: 'Mod+Shift+F', group: 'general' },
  { id: 'status', keys: 'Alt+S', group: 'general' },
  { id: 'escape', keys: 'Escape', group: 'general', fixed: true },
  { id: 'viewMine', keys: 'Alt+1', group: 'list' },
  { id: 'viewWaiting', keys: 'Alt+2', group: 'list' },
  { id: 'viewBot', keys: 'Alt+3', group: 'list' },
  { id: 'viewAll', keys: 'Alt+4', group: 'list' },
  { id: 'viewEnded', keys: 'Alt+5', group: 'list' },
  { id: 'nextChat', keys: 'Alt+J', group: 'list' },
  { id: 'previousChat', keys: 'Alt+K', group: 'list' },
  { id: 'nextUnread', keys: 'Alt+U', group: 'list' },
  { id: 'accept', keys: 'Alt+A', group: 'conversation' },
  { id: 'resolve', keys: 'Alt+E', group: 'conversation' },
  { id: 'resolveNext', keys: 'Mod+Alt+E', group: 'conversation' },
  { id: 'pending', keys: 'Alt+M', group: 'conversation' },
  { id: 'transfer', keys: 'Alt+T', group: 'conversation' },
  { id: 'assignToMe', keys: 'Alt+G', group: 'conversation' },
  { id: 'details', keys: 'Alt+I', group: 'conversation' },
  { id: 'reply', keys: 'Alt+L', group: 'writing' },
  { id: 'note', keys: 'Alt+P', group: 'writing' },
  { id: 'quickReplies', keys: '/', group: 'writing', fixed: true },
  { id: 'send', keys: 'Mod+Enter', group: 'writing', fixed: true },
  { id: 'sendNext', keys: 'Mod+Shift+Enter', group: 'writing', fixed: true },
  { id: 'editLast', keys: 'Mod+ArrowUp', group: 'writing' },
  { id: 'suggest', keys: 'Mod+J', group: 'writing' },
  { id: 'goInbox', keys: 'G I', group: 'go' },
  { id: 'goQueue', keys: 'G Q', group: 'go' },
  { id: 'goCustomers', keys: 'G C', group: 'go' },
  { id: 'goTickets', keys: 'G T', group: 'go' },
  { id: 'goTeam', keys: 'G V', group: 'go' },
  { id: 'goReports', keys: 'G R', group: 'go' },
  { id: 'goKnowledge', keys: 'G K', group: 'go' },
  { id: 'goSettings', keys: 'G S', group: 'go' },
] as const satisfies readonly Shortcut[];

export type ShortcutId = (typeof SHORTCUTS)[number]['id'];

const SEQUENCE_MS = 1_000;
const MAC = /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? '');

interface Choices {
  /** Off: what has neither Alt nor Ctrl nor ⌘ does nothing. */
  readonly singleKeys: boolean;
  /** What differs from the table; "" is none at all. */
  readonly keys: Readonly<Partial<Record<ShortcutId, string>>>;
}

const DEFAULTS: Choices = { singleKeys: true, keys: {} };

export const choices = new Stored<Choices>('kefu-console-shortcuts', DEFAULTS);

const TABLE = new Map<string, Shortcut>(SHORTCUTS.map((each) => [each.id, each]));

/** The keys that a shortcut has now; "" when it has none. */
export function keysOf(id: ShortcutId): string {
  return choices.value.keys[id] ?? TABLE.get(id)!.keys;
}

export function remap(id: ShortcutId, keys: string): void {
  const { [id]: _, ...others } = choices.peek().keys;
  const same = keys === TABLE.get(id)!.keys;
  choices.set({ keys: same ? others : { ...others, [id]: keys } });
}

export function allowSingleKeys(on: boolean): void {
  choices.set({ singleKeys: on });
}

export function resetShortcuts(): void {
  choices.set(DEFAULTS);
}

/** Which other shortcut has these keys, or begins with them. */
export function takenBy(keys: string, except: ShortcutId): ShortcutId | null {
  const begins = (a: string, b: string) => a === b || a.startsWith(`${b} `);
  const other = SHORTCUTS.find(({ id }) => {
    const theirs = keysOf(id);
    return id !== except && theirs !== '' && (begins(keys, theirs) || begins(theirs, keys));
  });
  return other?.id ?? null;
}

const NAMES: Record<string, string> = MAC
  ? { Mod: '⌘', Alt: '⌥', Shift: '⇧', ArrowUp: '↑', ArrowDown: '↓', Enter: '↵', Escape: 'Esc' }
  : { Mod: 'Ctrl', ArrowUp: '↑', ArrowDown: '↓', Escape: 'Esc' };

/** As it is shown: "Ctrl+K", on a Mac "⌘K". */
export function keyText(keys: string): string {
  const chord = (each: string) =>
    each
      .split('+')
      .map((key) => NAMES[key] ?? key)
      .join(MAC ? '' : '+');
  return keys.split(' ').map(chord).join(' ');
}

/** "Resolve (Alt+E)", for the title of a button. */
export function titled(text: string, id: ShortcutId): string {
  const keys = keysOf(id);
  return keys === '' ? text : `${text} (${keyText(keys)})`;
}

/** What a key press is called in the table; null for a modifier alone and for AltGr. */
export function chordOf(event: KeyboardEvent): string | null {
  if (/^(Control|Alt|Shift|Meta|AltGraph|Dead|Process|Unidentified)$/.test(event.key)) {
    if (!event.altKey || !/^(Key|Digit)/.test(event.code)) return null;
  }
  if (event.getModifierState('AltGraph')) return null;
  // The other of ⌘ and Ctrl belongs to the system.
  if (MAC ? event.ctrlKey : event.metaKey) return null;
  const mod = MAC ? event.metaKey : event.ctrlKey;
  const key = keyName(event);
  // A sign such as "?" has its Shift in it.
  const shift = event.shiftKey && (/^[A-Z0-9]$/.test(key) || key.length > 1);
  return [mod && 'Mod', event.altKey && 'Alt', shift && 'Shift', key].filter(Boolean).join('+');
}

function keyName(event: KeyboardEvent): string {
  const physical = /^(?:Key|Digit)(.)$/.exec(event.code)?.[1];
  const sign = event.key.normalize('NFKC');
  // Alt makes other signs of letters, and other scripts have no Latin ones: the place counts then.
  const foreign = sign.length === 1 && sign > '\u007f';
  if (physical && (event.altKey || foreign)) return physical;
  if (sign === ' ') return 'Space';
  return sign.length === 1 ? sign.toUpperCase() : sign;
}

/** Whether this press is the (last) key of a shortcut; for fields that listen by themselves. */
export function pressed(event: KeyboardEvent, id: ShortcutId): boolean {
  return !event.isComposing && keysOf(id) !== '' && chordOf(event) === keysOf(id);
}

/** Returns `false` when there was nothing to do, so that the key keeps its usual meaning. */
type Run = (event: KeyboardEvent) => void | false;

const handlers = new Map<ShortcutId, Run[]>();
let begun: { keys: string; at: number } | null = null;

/** Does `run` at a shortcut while the component is there. The one that came last is asked first. */
export function useShortcut(id: ShortcutId, run: Run, enabled = true): void {
  const latest = useRef(run);
  latest.current = run;
  // Before it is painted: whoever sees it may press its keys at once.
  useLayoutEffect(() => {
    if (!enabled) return;
    return onShortcut(id, (event) => latest.current(event));
  }, [id, enabled]);
}

/** The same outside of components; returns what ends it. */
export function onShortcut(id: ShortcutId, run: Run): () => void {
  handlers.set(id, [run, ...(handlers.get(id) ?? [])]);
  return () => {
    handlers.set(
      id,
      (handlers.get(id) ?? []).filter((each) => each !== run),
    );
  };
}

/** One listener for the whole console; returns what removes it. */
export function listenForShortcuts(): () => void {
  document.addEventListener('keydown', dispatch);
  return () => document.removeEventListener('keydown', dispatch);
}

function dispatch(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  if (document.querySelector('dialog[open]')) return;
  const chord = chordOf(event);
  if (chord === null) return;
  const single = !event.ctrlKey && !event.altKey && !event.metaKey && chord !== 'Escape';
  if (single && (isField(event.target) || !choices.value.singleKeys)) {
    begun = null;
    return;
  }
  // When it was pressed counts: a page that has much to do hears of it later.
  const isLate = begun !== null && event.timeStamp - begun.at > SEQUENCE_MS;
  const sequence = begun && !isLate ? `${begun.keys} ${chord}` : null;
  begun = null;
  if (sequence !== null && runFor(sequence, event)) return;
  if (runFor(chord, event)) return;
  if (SHORTCUTS.some(({ id }) => keysOf(id).startsWith(`${chord} `))) {
    begun = { keys: chord, at: event.timeStamp };
  }
}

function runFor(keys: string, event: KeyboardEvent): boolean {
  for (const { id } of SHORTCUTS) {
    if (keysOf(id) !== keys) continue;
    if ((handlers.get(id) ?? []).some((run) => run(event) !== false)) {
      event.preventDefault();
      return true;
    }
  }
  return false;
}

function isField(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  return (
    element?.isContentEditable === true ||
    /^(INPUT|TEXTAREA|SELECT)$/.test(element?.tagName ?? '')
  );
}
