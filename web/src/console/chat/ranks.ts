import type { AgentStatus } from '../../protocol/types';

/** Who is there comes first. */
export const RANK = {
  online: 0,
  busy: 1,
  away: 2,
  offline: 3,
} as const satisfies Record<AgentStatus, number>;

export const STATUS_TEXTS = {
  online: 'statusOnline',
  busy: 'statusBusy',
  away: 'statusAway',
  offline: 'statusOffline',
} as const satisfies Record<AgentStatus, string>;
