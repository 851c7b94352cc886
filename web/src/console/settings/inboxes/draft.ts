import { same } from '../../forms/same';
import type { Inbox } from '../shapes';

/** What is edited of an inbox; the key of one that is there stays as it is. */
export type InboxDraft = Pick<
  Inbox,
  'key' | 'name' | 'greeting' | 'origins' | 'identity_required' | 'settings'
>;

export const NEW_INBOX: InboxDraft = {
  key: '',
  name: '',
  greeting: '',
  origins: [],
  identity_required: false,
  settings: {},
};

export function draftOf(inbox: Inbox): InboxDraft {
  const { key, name, greeting, origins, identity_required, settings } = inbox;
  return { key, name, greeting, origins, identity_required, settings };
}

/** What goes to the server: only what was changed; settings are replaced as a whole there. */
export function patchOf(draft: InboxDraft, base: InboxDraft): Partial<InboxDraft> {
  const { key: _, ...fields } = draft;
  const changed = Object.entries(fields).filter(
    ([name, value]) => !same(value, base[name as keyof InboxDraft]),
  );
  return Object.fromEntries(changed);
}

export const TABS = ['general', 'widget', 'hours', 'times', 'bot', 'retention', 'channels', 'install'] as const;
export type Tab = (typeof TABS)[number];

const TAB_FIELDS: readonly (readonly [RegExp, Tab])[] = [
  [/^widget/, 'widget'],
  [/^hours/, 'hours'],
  [/^(waiting|first_response)_target_s|^idle_|^silence/, 'times'],
  [/^bot/, 'bot'],
  [/^retention/, 'retention'],
];

/** The tab on which a field stands. */
export function tabOf(field: string): Tab {
  return TAB_FIELDS.find(([pattern]) => pattern.test(field))?.[1] ?? 'general';
}
