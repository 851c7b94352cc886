import type { AgentApi } from '../protocol/agent-api';
import type { Agent, Page } from '../protocol/types';
import { useLoad } from '../ui/load';
import { useDesk } from './context';

/** For so long one answer serves everybody who asks. */
const KEPT_MS = 60_000;

interface Asked {
  at: number;
  answer: Promise<unknown>;
}

const asked = new WeakMap<AgentApi, Map<string, Asked>>();

/** A list that seldom changes and fits on one page. */
function ask<T>(api: AgentApi, path: string): Promise<Page<T>> {
  const paths = asked.get(api) ?? new Map<string, Asked>();
  asked.set(api, paths);
  const held = paths.get(path);
  if (held && Date.now() - held.at < KEPT_MS) return held.answer as Promise<Page<T>>;
  const answer = api.get<Page<T>>(path);
  paths.set(path, { at: Date.now(), answer });
  answer.catch(() => paths.delete(path));
  return answer;
}

function useList<T>(path: string): readonly T[] {
  const { api } = useDesk();
  const { state } = useLoad(path, async () => (await ask<T>(api, path)).items);
  return state.status === 'ready' ? state.value : [];
}

/** All agents; none until they are known. */
export function useAgents(): readonly Agent[] {
  return useList<Agent>('agents');
}

/** All teams; none until they are known. */
export function useTeams(): readonly { id: string; name: string }[] {
  return useList<{ id: string; name: string }>('teams');
}
