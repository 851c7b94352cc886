/**
 * Does `work` in one tab at a time, in the others when it is their turn; without locks in each.
 * `steal` takes it from the tab that has it, which gets it back afterwards.
 */
export function hold(
  name: string,
  work: () => (() => void) | undefined,
  steal = false,
): () => void {
  let stop: (() => void) | undefined;
  let release: (() => void) | undefined;
  let over = false;
  const begin = () => {
    if (!over) stop = work();
  };
  const queue = (steal: boolean) => {
    navigator.locks
      .request(name, { steal }, () => {
        begin();
        return over ? undefined : new Promise<void>((resolve) => (release = resolve));
      })
      .catch((error: Error) => {
        stop?.();
        stop = undefined;
        // Stolen; anything else means that this page may not use locks.
        if (error.name === 'AbortError') queue(false);
        else begin();
      });
  };
  if ('locks' in navigator) queue(steal);
  else begin();
  return () => {
    over = true;
    stop?.();
    release?.();
  };
}
