import { useCallback, useRef, useState } from 'preact/hooks';
import type { Page } from '../protocol/types';
import { type Load, useLoad } from '../ui/load';

export interface Paged<T> {
  load: Load<T[]>;
  hasMore: boolean;
  more: 'idle' | 'loading' | 'error';
  loadMore(): void;
}

interface Rest {
  key: string | null;
  cursor: string | null;
  more: 'idle' | 'loading' | 'error';
}

/** A list that the server gives page by page: the first at once, the others when asked for. */
export function usePaged<T extends { id: string }>(
  key: string | null,
  fetchPage: (cursor: string | undefined, signal?: AbortSignal) => Promise<Page<T>>,
): Paged<T> {
  const [rest, setRest] = useState<Rest>({ key, cursor: null, more: 'idle' });
  const latest = useRef(key);
  latest.current = key;
  const load = useLoad<T[]>(key, async (signal) => {
    const page = await fetchPage(undefined, signal);
    if (!signal.aborted) setRest({ key, cursor: cursorOf(page), more: 'idle' });
    return page.items;
  });
  const current = rest.key === key ? rest : { key, cursor: null, more: 'idle' as const };
  const held = load.state.status === 'ready' ? load.state.value : null;

  const loadMore = useCallback(() => {
    if (current.cursor === null || current.more === 'loading' || held === null) return;
    setRest({ ...current, more: 'loading' });
    fetchPage(current.cursor).then(
      (page) => {
        if (latest.current !== key) return;
        // The server may tell something again that moved meanwhile.
        const known = new Set(held.map((item) => item.id));
        load.set([...held, ...page.items.filter((item) => !known.has(item.id))]);
        setRest({ key, cursor: cursorOf(page), more: 'idle' });
      },
      () => {
        if (latest.current === key) setRest({ ...current, more: 'error' });
      },
    );
  }, [current, held, key, load.set, fetchPage]);

  return { load, hasMore: current.cursor !== null, more: current.more, loadMore };
}

function cursorOf(page: Page<unknown>): string | null {
  return page.has_more ? (page.next_cursor ?? null) : null;
}
