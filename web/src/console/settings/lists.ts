import { useMemo, useRef } from 'preact/hooks';
import type { AgentApi } from '../../protocol/agent-api';
import type { Page } from '../../protocol/types';
import { type Load, useLoad } from '../../ui/load';
import { useDesk } from '../context';
import { isStale } from '../forms/conflict';

const PAGE_SIZE = 500;

/** A list of the server, and how it follows what is changed here. */
export interface List<T> extends Load<T[]> {
  /** As it is now, also for who began when it was another; empty while it loads. */
  now(): readonly T[];
  /** Puts an item in the place of its earlier self, or at the end, or before all others. */
  put(item: T, where?: 'first' | 'last'): void;
  drop(id: string): void;
}

/** Everything that a list of the server holds. */
export function useList<T extends { id: string }>(path: string): List<T> {
  const load = useAll<T>(path);
  const latest = useRef(load);
  latest.current = load;
  const changes = useMemo(() => {
    const now = () => {
      const { state } = latest.current;
      return state.status === 'ready' ? state.value : [];
    };
    const set = (items: T[]) => {
      const { retry, set } = latest.current;
      if (latest.current.state.status !== 'ready') return retry();
      latest.current = { ...latest.current, state: { status: 'ready', value: items } };
      set(items);
    };
    return {
      now,
      put: (item: T, where: 'first' | 'last' = 'last') => {
        const list = now();
        const known = list.some(({ id }) => id === item.id);
        if (known) set(list.map((each) => (each.id === item.id ? item : each)));
        else set(where === 'first' ? [item, ...list] : [...list, item]);
      },
      drop: (id: string) => set(now().filter((each) => each.id !== id)),
    };
  }, []);
  return { ...load, ...changes };
}

export function useAll<T>(path: string): Load<T[]> {
  const { api } = useDesk();
  return useLoad(path, (signal) => everything<T>(api, path, signal));
}

async function everything<T>(api: AgentApi, path: string, signal: AbortSignal): Promise<T[]> {
  const items: T[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await api.get<Page<T>>(path, { cursor, limit: PAGE_SIZE }, { signal });
    items.push(...page.items);
    if (!page.has_more || !page.next_cursor) return items;
    cursor = page.next_cursor;
  }
}

/**
 * Changes an item of a list, and puts it there. `isTheirs`: others changed it after the version that the change names,
 * and `item` is what they made of it.
 */
export async function patched<T extends { id: string }>(
  api: AgentApi,
  path: string,
  list: List<T>,
  id: string,
  body: object,
): Promise<{ item: T; isTheirs: boolean }> {
  try {
    const item = await api.patch<T>(`${path}/${id}`, body);
    list.put(item);
    return { item, isTheirs: false };
  } catch (error) {
    const { items } = isStale(error) ? await api.get<Page<T>>(path) : { items: [] };
    const item = items.find((each) => each.id === id);
    if (!item) throw error;
    list.put(item);
    return { item, isTheirs: true };
  }
}
