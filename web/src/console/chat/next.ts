import type { Desk } from '../desk';
import { isUnread } from '../list/views';
import { go, route } from '../router';

/** Shows the next own conversation that waits for an answer, else the one below in the list. */
export function openNextWaiting(desk: Desk, id: string): void {
  const { view } = route.peek();
  const rows = desk.rows.peek();
  const waiting = rows.mine.filter((each) => each.id !== id && isUnread(each));
  const oldest = waiting[waiting.length - 1];
  if (oldest) {
    go('mine', oldest.id);
    return;
  }
  const at = rows[view].findIndex((each) => each.id === id);
  const below = rows[view][at + 1] ?? rows[view].find((each) => each.id !== id);
  if (below) go(view, below.id);
}
