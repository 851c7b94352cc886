import { signal } from '@preact/signals';

export type Mode = 'reply' | 'note';

export interface Draft {
  mode: Mode;
  reply: string;
  note: string;
}

const KEY = 'kefu-console-drafts';
const EMPTY: Draft = { mode: 'reply', reply: '', note: '' };

function load(): Record<string, Draft> {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? '{}') as Record<string, Draft>;
  } catch {
    return {};
  }
}

const drafts = signal(load());

/** What was begun in a conversation, apart for replies and notes. */
export function draftOf(conversation: string): Draft {
  return drafts.value[conversation] ?? EMPTY;
}

export function setDraft(conversation: string, patch: Partial<Draft>): void {
  const draft = { ...draftOf(conversation), ...patch };
  const { [conversation]: _, ...others } = drafts.peek();
  const empty = draft.reply === '' && draft.note === '' && draft.mode === 'reply';
  drafts.value = empty ? others : { ...others, [conversation]: draft };
  try {
    sessionStorage.setItem(KEY, JSON.stringify(drafts.peek()));
  } catch {
    // Without storage drafts last as long as the page.
  }
}
