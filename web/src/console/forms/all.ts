import type { Load } from '../../ui/load';

/** Several loads as one: ready when all of them are. */
export function all<T extends readonly unknown[]>(
  ...loads: {
    [K in keyof T]: Load<T[K]>;
  }
): Load<T> {
  const retry = () => {
    for (const load of loads) load.retry();
  };
  const set = () => undefined;
  const values: unknown[] = [];
  for (const { state } of loads) {
    if (state.status !== 'ready') return { state, retry, set };
    values.push(state.value);
  }
  return { state: { status: 'ready', value: values as unknown as T }, retry, set };
}
