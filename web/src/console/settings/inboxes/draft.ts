import { same } from '../../forms/same';
import type { Inbox, InboxSettings } from '../shapes';

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

/**
 * What goes to the server: only what was changed. Settings are replaced as a whole there, so those that were not
 * changed here are taken from `now`, what the server has at this moment.
 */
export function patchOf(draft: InboxDraft, base: InboxDraft, now: InboxDraft): Partial<InboxDraft> {
  const patch: Partial<InboxDraft> = {};
  if (draft.name !== base.name) patch.name = draft.name;
  if (draft.greeting !== base.greeting) patch.greeting = draft.greeting;
  if (!same(draft.origins, base.origins)) patch.origins = draft.origins;
  if (draft.identity_required !== base.identity_required) {
    patch.identity_required = draft.identity_required;
  }
  if (!same(draft.settings, base.settings)) {
    patch.settings = mergedSettings(draft.settings, base.settings, now.settings);
  }
  return patch;
}

function mergedSettings(
  draft: InboxSettings,
  base: InboxSettings,
  now: InboxSettings,
): InboxSettings {
  const merged: Record<string, unknown> = { ...now };
  const [mine, before] = [draft as Record<string, unknown>, base as Record<string, unknown>];
  for (const name of new Set([...Object.keys(mine), ...Object.keys(before)])) {
    if (!same(mine[name], before[name])) merged[name] = mine[name];
  }
  return merged as InboxSettings;
}

export const TABS = ['general', 'widget', 'hours', 'times', 'bot', 'retention', 'install'] as const;
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
