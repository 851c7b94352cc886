import type { OutboxEntry } from './outbox';
import type { TransportKind } from './transport';
import type { Epoch, Message, ServerFrame } from './types';

/**
 * - `connecting`: a connection is being made or is catching up.
 * - `online`: caught up and live.
 * - `waiting`: between two attempts.
 * - `replaced`: too many connections of one person; this one waits until it is looked at again.
 * - `stopped`: ended by the page, or the server refused this token or person.
 */
export type Phase = 'idle' | 'connecting' | 'online' | 'waiting' | 'replaced' | 'stopped';

export interface ConnectionState {
  phase: Phase;
  transport: TransportKind;
  /** When it came online, or when it last was. */
  since: number;
  latency_ms: number | null;
  /** Once stopped, the close code by which the server said so, if it was the server. */
  refusal: number | null;
}

/** What the client tells. Hints go through `frame` as they came. */
export interface Listener {
  state(state: ConnectionState): void;
  /** An entry of a log, once and in order; own ones as soon as they are acknowledged. */
  message(message: Message): void;
  /** Entries exist that no frame will bring: fetch them. */
  behind(conversationId: string): void;
  /** Caught up after a connection was made, in this life of the store. */
  resumed(epoch: Epoch): void;
  /** The store was restored from a backup: forget everything. `prepare` runs again after it. */
  reset(): void;
  outbox(entries: readonly OutboxEntry[]): void;
  /** Sending rests until this time. */
  limited(until: number): void;
  /** How much of an entry's file is uploaded, from 0 to 1; null when it is not on its way. */
  progress(clientId: string, share: number | null): void;
  frame(frame: ServerFrame): void;
}

/** Before anything was tried. */
export const IDLE: ConnectionState = {
  phase: 'idle',
  transport: 'socket',
  since: 0,
  latency_ms: null,
  refusal: null,
};

export const CLOSE = {
  unauthorized: 4001,
  forbidden: 4003,
  slow: 4008,
  replaced: 4009,
  limited: 4029,
  restart: 1012,
  abnormal: 1006,
} as const;
