import type { Page } from '../../protocol/types';
import { type Load, useLoad } from '../../ui/load';
import { useDesk } from '../context';
import type { Category } from './shapes';

export interface InboxName {
  id: string;
  key: string;
  name: string;
  settings: { help_hidden?: boolean };
}

/** In their order. */
export function useCategories(): Load<Category[]> {
  return useWhole<Category>('categories');
}

export function useInboxes(): Load<InboxName[]> {
  return useWhole<InboxName>('inboxes');
}

/** Names of agents by their ids. */
export function useAgentNames(): ReadonlyMap<string, string> {
  const { state } = useWhole<{ id: string; name: string }>('agents');
  return new Map(state.status === 'ready' ? state.value.map(({ id, name }) => [id, name]) : []);
}

function useWhole<T>(path: string): Load<T[]> {
  const { api } = useDesk();
  return useLoad(path, async (signal) => (await api.get<Page<T>>(path, {}, { signal })).items);
}
