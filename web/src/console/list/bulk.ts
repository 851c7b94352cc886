import type { Conversation, Page, Tag } from '../../protocol/types';
import type { Recipient } from '../chat/handling';
import type { Change, Desk } from '../desk';
import { openFor, overlay } from '../shell/overlays';
import { askEnding } from './ending';

/** As many as a conversation may have. */
const TAGS_MAX = 20;

/** Does it with all of them; what could not be done is shown with the reasons. */
export async function run(desk: Desk, ids: readonly string[], one: Change): Promise<void> {
  const { failures } = await desk.bulk(ids, one);
  const failed = failures.map(({ id }) => id);
  if (failed.length > 0) openFor('bulk-result', failed);
  else if (overlay.peek() === 'bulk-result') overlay.value = null;
}

export function transferAll(desk: Desk, ids: readonly string[], to: Recipient): Promise<void> {
  const path = (id: string) => `conversations/${id}/transfer`;
  return run(desk, ids, (id) => desk.api.post<Conversation>(path(id), to ?? {}));
}

export async function resolveAll(desk: Desk, ids: readonly string[]): Promise<void> {
  const ending = await askEnding(desk, ids);
  if (ending === null) return;
  await run(desk, ids, (id) => desk.api.post<Conversation>(`conversations/${id}/resolve`, ending));
}

/** Adds tags to those that each of them has. */
export function tagAll(desk: Desk, ids: readonly string[], tags: readonly string[]): Promise<void> {
  return run(desk, ids, async (id) => {
    const path = `conversations/${id}/tags`;
    const { items } = await desk.api.get<Page<Tag>>(path);
    const all = [...new Set([...items.map((tag) => tag.id), ...tags])];
    await desk.api.put(path, { tags: all.slice(0, TAGS_MAX) });
  });
}
