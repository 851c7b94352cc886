import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  allowSingleKeys,
  chordOf,
  keyText,
  keysOf,
  listenForShortcuts,
  onShortcut,
  remap,
  resetShortcuts,
  SHORTCUTS,
  takenBy,
} from '../shortcuts';

interface Press {
  key: string;
  code?: string;
  ctrlKey?: boolean;
  altKey?: boolean;
  shiftKey?: boolean;
  metaKey?: boolean;
  altGraph?: boolean;
  composing?: boolean;
  tag?: string;
}

function press({ key, code = '', altGraph = false, composing = false, tag = 'BODY', ...rest }: Press) {
  return {
    key,
    code,
    ctrlKey: false,
    altKey: false,
    shiftKey: false,
    metaKey: false,
    ...rest,
    isComposing: composing,
    target: { tagName: tag, isContentEditable: false },
    defaultPrevented: false,
    preventDefault: vi.fn(),
    getModifierState: () => altGraph,
  } as unknown as KeyboardEvent;
}

afterEach(() => {
  resetShortcuts();
  vi.unstubAllGlobals();
});

describe('names of keys', () => {
  it.each<[string, Press]>([
    ['Mod+K', { key: 'k', code: 'KeyK', ctrlKey: true }],
    ['Mod+Shift+F', { key: 'F', code: 'KeyF', ctrlKey: true, shiftKey: true }],
    ['Alt+J', { key: '∆', code: 'KeyJ', altKey: true }],
    ['Alt+E', { key: 'Dead', code: 'KeyE', altKey: true }],
    ['Alt+1', { key: '¡', code: 'Digit1', altKey: true }],
    ['?', { key: '?', code: 'Slash', shiftKey: true }],
    ['?', { key: '？', code: 'Slash', shiftKey: true }],
    ['G', { key: 'п', code: 'KeyG' }],
    ['Mod+Enter', { key: 'Enter', code: 'Enter', ctrlKey: true }],
    ['Mod+Shift+Enter', { key: 'Enter', code: 'Enter', ctrlKey: true, shiftKey: true }],
  ])('%s', (name, keys) => {
    expect(chordOf(press(keys))).toBe(name);
  });

  it.each<[string, Press]>([
    ['a modifier alone', { key: 'Alt', code: 'AltLeft', altKey: true }],
    ['AltGr, which writes', { key: 'ę', code: 'KeyE', altKey: true, ctrlKey: true, altGraph: true }],
    ['the key of the system', { key: 'k', code: 'KeyK', metaKey: true }],
  ])('none for %s', (_, keys) => {
    expect(chordOf(press(keys))).toBeNull();
  });
});

it('no two shortcuts have the same keys', () => {
  for (const { id, keys } of SHORTCUTS) expect(takenBy(keys, id), id).toBeNull();
});

it('what is remapped is shown, kept apart from the table and reset', () => {
  remap('resolve', 'Alt+X');
  expect(keysOf('resolve')).toBe('Alt+X');
  expect(takenBy('Alt+X', 'note')).toBe('resolve');
  expect(takenBy('G', 'note')).toBe('goInbox');
  resetShortcuts();
  expect(keysOf('resolve')).toBe('Alt+E');
  expect(keyText('Mod+Alt+E')).toBe('Ctrl+Alt+E');
});

describe('pressing', () => {
  function listening() {
    let listener: (event: KeyboardEvent) => void = () => undefined;
    vi.stubGlobal('document', {
      querySelector: () => null,
      addEventListener: (_: string, each: typeof listener) => (listener = each),
      removeEventListener: () => undefined,
    });
    listenForShortcuts();
    return (keys: Press) => {
      const event = press(keys);
      listener(event);
      return event;
    };
  }

  it('runs what came last, unless it has nothing to do', () => {
    const down = listening();
    const ran: string[] = [];
    const first = onShortcut('resolve', () => void ran.push('first'));
    const second = onShortcut('resolve', () => {
      ran.push('second');
      return false;
    });
    const event = down({ key: 'e', code: 'KeyE', altKey: true });
    expect(ran).toEqual(['second', 'first']);
    expect(event.preventDefault).toHaveBeenCalled();
    second();
    first();
    expect(down({ key: 'e', code: 'KeyE', altKey: true }).preventDefault).not.toHaveBeenCalled();
  });

  it('single keys do nothing in fields, in a composition, or when they are switched off', () => {
    const down = listening();
    const run = vi.fn();
    const end = onShortcut('sheet', () => run());
    down({ key: '?', tag: 'TEXTAREA' });
    down({ key: '?', composing: true });
    allowSingleKeys(false);
    down({ key: '?' });
    expect(run).not.toHaveBeenCalled();
    allowSingleKeys(true);
    down({ key: '?' });
    expect(run).toHaveBeenCalledTimes(1);
    end();
  });

  it('knows keys that follow each other', () => {
    const down = listening();
    const run = vi.fn();
    const end = onShortcut('goQueue', () => run());
    down({ key: 'q', code: 'KeyQ' });
    expect(run).not.toHaveBeenCalled();
    down({ key: 'g', code: 'KeyG' });
    down({ key: 'q', code: 'KeyQ' });
    expect(run).toHaveBeenCalledTimes(1);
    end();
  });
});
