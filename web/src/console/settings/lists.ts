import type { Api } from '../../protocol/api';
import type { Page } from '../../protocol/types';
import { type Load, useLoad } from '../../ui/load';
import { useDesk } from '../context';

const PAGE_SIZE = 500;

/** Everything that a list of the server holds. */
export function useList<T>(path: string | null): Load<T[]> {
  const { api } = useDesk();
  return useLoad(path, (signal) => everything<T>(api, path ?? '', signal));
}

async function everything<T>(api: Api, path: string, signal: AbortSignal): Promise<T[]> {
  const items: T[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await api.get<Page<T>>(path, { cursor, limit: PAGE_SIZE }, { signal });
    items.push(...page.items);
    if (!page.has_more || !page.next_cursor) return items;
    cursor = page.next_cursor;
  }
}

/** The list with this item in the place of its earlier self, or at the end. */
export function withItem<T extends { id: string }>(list: readonly T[], item: T): T[] {
  const known = list.some(({ id }) => id === item.id);
  return known ? list.map((each) => (each.id === item.id ? item : each)) : [...list, item];
}

export function withoutItem<T extends { id: string }>(list: readonly T[], id: string): T[] {
  return list.filter((each) => each.id !== id);
}
