import type { Conversation, Message } from '../../protocol/types';
import type { Targets } from '../directory';

/** How long something took, or takes until now, and how long it should. */
export interface Stopwatch {
  kind: 'waiting' | 'first_response';
  since: number;
  /** Null while it runs. */
  until: number | null;
  target_ms: number | null;
}

/** `items` is what is known of the log; the first answer is only told when all of it is. */
export function stopwatches(
  conversation: Conversation,
  items: readonly Message[],
  isComplete: boolean,
  targets: Targets,
): Stopwatch[] {
  const all: Stopwatch[] = [];
  if (conversation.state === 'queued') {
    all.push({
      kind: 'waiting',
      since: Date.parse(conversation.queued_at ?? conversation.created_at),
      until: null,
      target_ms: targets.waiting_ms,
    });
  }
  const asked = items.find((item) => item.from.kind === 'visitor' && item.kind !== 'event');
  if (!isComplete || asked === undefined) return all;
  const answered = items.find(
    ({ seq, kind, from }) =>
      seq > asked.seq && from.kind === 'agent' && kind !== 'note' && kind !== 'event',
  );
  if (answered === undefined && conversation.state === 'resolved') return all;
  all.push({
    kind: 'first_response',
    since: Date.parse(asked.created_at),
    until: answered === undefined ? null : Date.parse(answered.created_at),
    target_ms: targets.first_response_ms,
  });
  return all;
}

/** `4:07`, `1:04:07`. */
export function elapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const rest = `${Math.floor((seconds % 3600) / 60)}:${two(seconds % 60)}`;
  return hours === 0 ? rest : `${hours}:${rest.padStart(5, '0')}`;
}
