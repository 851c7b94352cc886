import type { Desk } from '../desk';
import { go } from '../router';

/** Takes a waiting conversation and shows it among one's own. */
export async function accept(desk: Desk, id: string): Promise<void> {
  if (await desk.act(id, 'accept')) go('mine', id);
}
