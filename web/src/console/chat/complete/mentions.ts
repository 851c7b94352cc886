import type { Agent, Conversation } from '../../../protocol/types';
import { RANK } from '../ranks';
import { finds } from '../search/fuzzy';
import type { Option } from './completer';

/** Who may read a conversation beside this agent, and so may be called to it: who is there first. */
export function callable(
  agents: readonly Agent[],
  { assignee }: Conversation,
  me: string,
): readonly Agent[] {
  const mayRead = ({ id, permissions }: Agent) =>
    id === assignee?.id || permissions.includes('conversations.all');
  return agents
    .filter((agent) => !agent.disabled && agent.id !== me && mayRead(agent))
    .sort((a, b) => RANK[a.status] - RANK[b.status] || a.name.localeCompare(b.name));
}

/** Those whose names fit what is typed, by their letters or the sound of them. */
export function mentionOptions(
  people: readonly Agent[],
  query: string,
  statusOf: (agent: Agent) => string,
): Option[] {
  return people
    .filter(({ name }) => finds(query, name))
    .map((agent) => ({
      key: agent.id,
      text: `@${agent.name} `,
      label: agent.name,
      hint: statusOf(agent),
      sign: '@',
    }));
}
