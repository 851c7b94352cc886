import { signal } from '@preact/signals';

export type Mode = 'reply' | 'note';

/** An earlier message that the reply speaks of. */
export interface Quote {
  seq: number;
  from: string;
  text: string;
}

export interface Draft {
  mode: Mode;
  reply: string;
  note: string;
  quote: Quote | null;
}

const KEY = 'kefu-console-draft';
const EMPTY: Draft = { mode: 'reply', reply: '', note: '', quote: null };
const SAVE_MS = 300;
const KEPT_MS = 30 * 24 * 3_600_000;

type Drafts = Readonly<Record<string, Draft>>;

const drafts = signal<Drafts>({});
const unsaved = new Set<string>();
let owner: string | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Brings back what an agent began in this browser; every window of it sees the same. */
export function openDrafts(agent: string): void {
  if (owner === null) {
    window.addEventListener('storage', takeOver);
    window.addEventListener('pagehide', saveDrafts);
  }
  saveDrafts();
  owner = agent;
  drafts.value = stored();
}

/** What was begun in a conversation, apart for replies and notes. */
export function draftOf(conversation: string): Draft {
  return drafts.value[conversation] ?? EMPTY;
}

export function setDraft(conversation: string, patch: Partial<Draft>): void {
  const draft = { ...draftOf(conversation), ...patch };
  drafts.value = replaced(drafts.peek(), conversation, draft);
  unsaved.add(conversation);
  timer ??= setTimeout(saveDrafts, SAVE_MS);
}

/** Writes down what changed since the last time. */
export function saveDrafts(): void {
  clearTimeout(timer);
  timer = undefined;
  try {
    for (const conversation of unsaved) {
      const draft = drafts.peek()[conversation];
      const key = keyOf(conversation);
      if (draft) localStorage.setItem(key, JSON.stringify({ ...draft, at: Date.now() }));
      else localStorage.removeItem(key);
    }
  } catch {
    // Without storage, or with a full one, drafts last as long as the page.
  }
  unsaved.clear();
}

function keyOf(conversation: string): string {
  return `${KEY}:${owner}:${conversation}`;
}

function replaced(all: Drafts, conversation: string, draft: Draft | null): Drafts {
  const { [conversation]: _, ...others } = all;
  const empty =
    draft === null ||
    (draft.reply === '' && draft.note === '' && draft.mode === 'reply' && draft.quote === null);
  return empty ? others : { ...others, [conversation]: draft };
}

function stored(): Drafts {
  let found: Drafts = {};
  try {
    const prefix = keyOf('');
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith(prefix)) continue;
      const draft = parsed(localStorage.getItem(key));
      if (draft === null) localStorage.removeItem(key);
      else found = replaced(found, key.slice(prefix.length), draft);
    }
  } catch {
    // No storage: nothing was kept.
  }
  return found;
}

/** Null for what is no draft, or too old to be wanted. */
function parsed(text: string | null): Draft | null {
  try {
    const { at, ...draft } = JSON.parse(text ?? 'null') as Draft & { at: number };
    return Date.now() - at < KEPT_MS ? { ...EMPTY, ...draft } : null;
  } catch {
    return null;
  }
}

/** Another window wrote; what is being written here wins. */
function takeOver({ key, newValue }: StorageEvent): void {
  const prefix = keyOf('');
  if (!key?.startsWith(prefix)) return;
  const conversation = key.slice(prefix.length);
  if (unsaved.has(conversation)) return;
  drafts.value = replaced(drafts.peek(), conversation, parsed(newValue));
}
