import { signal } from '@preact/signals';
import type { WrapUp } from '../../protocol/types';
import type { Desk } from '../desk';
import { openFor } from '../shell/overlays';

/** What an agent says of conversations that it ends. */
export interface Ending {
  summary: { category?: string; solved?: boolean };
  note: string;
}

/** What the inbox wants to know, and who waits for it. */
export interface Asked {
  wrapUp: WrapUp;
  /** Null: they do not end after all; undefined: there is nothing to say. */
  answer(ending: Ending | null | undefined): void;
}

/** The question that is open. */
export const asked = signal<Asked | null>(null);

/**
 * What goes with the end of these conversations, as `Asked.answer` says it. Many are asked about once if they are of one
 * inbox; of several, those that demand a summary are refused by the server and stay selected.
 */
export async function askEnding(
  desk: Pick<Desk, 'known' | 'directory'>,
  ids: readonly string[],
): Promise<Ending | null | undefined> {
  const inboxes = new Set(ids.map((id) => desk.known.peek(id)?.inbox.id ?? ''));
  const [inbox = ''] = inboxes;
  if (inboxes.size !== 1) return undefined;
  // Whoever ends one before the page knows what its inbox wants is asked all the same.
  if (desk.directory.loading) await desk.directory.loading;
  const wrapUp = desk.directory.wrapUpOf(inbox);
  if (wrapUp === null) return undefined;
  asked.peek()?.answer(null);
  return new Promise((resolve) => {
    asked.value = {
      wrapUp,
      answer(ending) {
        asked.value = null;
        resolve(ending);
      },
    };
    openFor('ending', ids);
  });
}

/** What is still missing, or null when the conversation may end with this. */
export function missing(wrapUp: WrapUp, { summary }: Ending): 'category' | 'solved' | null {
  if (!wrapUp.required) return null;
  if (wrapUp.categories.length > 0 && summary.category === undefined) return 'category';
  return summary.solved === undefined ? 'solved' : null;
}

/** Categories by what they are within; those that are within nothing come first. */
export function grouped(categories: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>([['', []]]);
  for (const category of categories) {
    const [within, ...rest] = category.split('/');
    const group = rest.length > 0 ? within! : '';
    groups.set(group, [...(groups.get(group) ?? []), category]);
  }
  return groups;
}

/** What a category is called beside others that are within the same. */
export function shortName(category: string, group: string): string {
  return group === '' ? category : category.slice(group.length + 1).trim();
}
