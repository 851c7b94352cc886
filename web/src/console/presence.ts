import type { Agent, ServerFrame } from '../protocol/types';

/** An agent after the server said what it is doing. */
export function withPresence(
  agent: Agent,
  { status, reason, since }: Extract<ServerFrame, { type: 'presence' }>,
): Agent {
  const { status_reason: _reason, status_since: _since, ...rest } = agent;
  return {
    ...rest,
    status,
    ...(reason === undefined ? {} : { status_reason: reason }),
    ...(since === undefined ? {} : { status_since: since }),
  };
}
