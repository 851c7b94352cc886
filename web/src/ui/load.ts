import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../protocol/api';

export type Loaded<T> =
  | { status: 'loading' }
  | { status: 'ready'; value: T }
  /** The server says that this is not for whoever asks. */
  | { status: 'denied' }
  | { status: 'error'; error: unknown };

export interface Load<T> {
  state: Loaded<T>;
  /** Loads anew; what is shown stays until the answer is there. */
  retry(): void;
  /** Takes a value that came by another way, as from the answer to a change. */
  set(value: T): void;
}

interface Held<T> {
  key: string | null;
  state: Loaded<T>;
}

const LOADING = { status: 'loading' } as const;

/**
 * Loads what `key` names, anew whenever that changes; null loads nothing. A request that is not
 * wanted any more is aborted, and its answer never shown.
 */
export function useLoad<T>(
  key: string | null,
  load: (signal: AbortSignal) => Promise<T>,
): Load<T> {
  const [held, setHeld] = useState<Held<T>>({ key, state: LOADING });
  const [round, setRound] = useState(0);
  const latest = useRef(load);
  latest.current = load;

  useEffect(() => {
    if (key === null) return;
    const abort = new AbortController();
    latest.current(abort.signal).then(
      (value) => {
        if (!abort.signal.aborted) setHeld({ key, state: { status: 'ready', value } });
      },
      (error: unknown) => {
        if (!abort.signal.aborted) setHeld((before) => afterFailure(before, key, error));
      },
    );
    return () => abort.abort();
  }, [key, round]);

  const state = held.key === key ? held.state : LOADING;
  const retry = useCallback(() => {
    setHeld((before) => (before.state.status === 'ready' ? before : { key, state: LOADING }));
    setRound((count) => count + 1);
  }, [key]);
  const set = useCallback((value: T) => setHeld({ key, state: { status: 'ready', value } }), [key]);
  return { state, retry, set };
}

/** What is shown already outlives a failure that may be over soon. */
function afterFailure<T>(before: Held<T>, key: string | null, error: unknown): Held<T> {
  const isShown = before.key === key && before.state.status === 'ready';
  if (isShown && error instanceof ApiError && error.transient) return before;
  const isDenied = error instanceof ApiError && error.status === 403;
  return { key, state: isDenied ? { status: 'denied' } : { status: 'error', error } };
}
