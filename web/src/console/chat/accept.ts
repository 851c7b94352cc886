import { effect } from '@preact/signals';
import type { Desk } from '../desk';
import { go } from '../router';

/** Takes a waiting conversation and shows it among one's own. */
export async function accept(desk: Desk, id: string): Promise<void> {
  if (desk.busy.peek()) {
    // A key pressed while something else is under way counts as well, unless that has settled it.
    await rested(desk);
    if (desk.known.peek(id)?.state !== 'queued') return;
  }
  if (await desk.act(id, 'accept')) go('mine', id);
}

/** Resolves once nothing is being changed any more. */
function rested({ busy }: Desk): Promise<void> {
  return new Promise((resolve) => {
    const stop = effect(() => {
      if (busy.value) return;
      resolve();
      // The first run comes before there is anything to stop.
      queueMicrotask(() => stop());
    });
  });
}
