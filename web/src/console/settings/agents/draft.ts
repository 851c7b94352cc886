import type { Agent, AgentRole } from '../../../protocol/types';
import { same } from '../../forms/same';

export interface AgentDraft {
  name: string;
  role: AgentRole;
  custom_role_id: string | null;
  capacity: number;
  teams: string[];
  skills: Record<string, number>;
}

export function draftOf(agent: Agent): AgentDraft {
  const { name, role, custom_role_id = null, capacity, teams, skills } = agent;
  return { name, role, custom_role_id, capacity, teams, skills };
}

/** Only what was changed: who may change teams alone may not send the rest. */
export function agentPatch(draft: AgentDraft, base: AgentDraft): Partial<AgentDraft> {
  const changed = Object.entries(draft).filter(
    ([name, value]) => !same(value, base[name as keyof AgentDraft]),
  );
  return Object.fromEntries(changed);
}
