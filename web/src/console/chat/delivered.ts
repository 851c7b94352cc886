import type { ReadonlySignal } from '@preact/signals';
import type { OutboxEntry } from '../../protocol/outbox';

/** Resolves once an entry is in the log (true), or is refused. */
export function delivered(
  outbox: ReadonlySignal<readonly OutboxEntry[]>,
  { client_id }: OutboxEntry,
): Promise<boolean> {
  return new Promise((resolve) => {
    const stop = outbox.subscribe((entries) => {
      const entry = entries.find((each) => each.client_id === client_id);
      if (entry && entry.state !== 'failed') return;
      // The first call comes before there is anything to stop.
      queueMicrotask(() => stop());
      resolve(entry === undefined);
    });
  });
}
