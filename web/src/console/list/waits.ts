import type { Conversation } from '../../protocol/types';
import type { Targets } from '../directory';
import { unansweredSince, waitingSince } from './views';

/** What is late by anybody's measure where nothing else is set. */
const WAITING_TOO_LONG_MS = 120_000;
/** From this part of its target on, a wait is worth a look. */
const WARN_FROM = 0.75;

export interface Wait {
  readonly kind: 'queue' | 'answer';
  readonly since: number;
  readonly target_ms: number | null;
}

export type Level = 'calm' | 'warn' | 'danger';

/** What the visitor waits for: somebody, or the next answer. */
export function waitOf(conversation: Conversation, targets: Targets): Wait | null {
  if (conversation.state === 'queued') {
    const since = Date.parse(waitingSince(conversation));
    return { kind: 'queue', since, target_ms: targets.waiting_ms };
  }
  const since = conversation.assignee && unansweredSince(conversation);
  if (!since || conversation.state !== 'open') return null;
  return { kind: 'answer', since: Date.parse(since), target_ms: targets.first_response_ms };
}

export function levelOf({ kind, since, target_ms }: Wait, now: number): Level {
  const passed = now - since;
  if (target_ms === null) {
    return kind === 'queue' && passed > WAITING_TOO_LONG_MS ? 'warn' : 'calm';
  }
  if (passed >= target_ms) return 'danger';
  return passed >= target_ms * WARN_FROM ? 'warn' : 'calm';
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** `0:42`, `1:04:07`; what takes days needs no seconds. */
export function running(ms: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const passed = Math.max(0, ms);
  const rest = `${Math.floor((passed % HOUR) / MINUTE)}:${two((passed % MINUTE) / 1000)}`;
  if (passed < HOUR) return rest;
  return `${Math.floor(passed / HOUR)}:${rest.padStart(5, '0')}`;
}
