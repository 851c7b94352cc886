/**
 * Repeats a request while the page is looked at: now, then so long after each answer. One that is
 * due while the page is hidden is made up for when it is seen again. Returns how to stop.
 */
export function poll(everyMs: number, request: () => Promise<unknown>): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  let running = false;
  let due = 0;
  const run = () => {
    if (stopped || running || document.visibilityState !== 'visible') return;
    clearTimeout(timer);
    running = true;
    const done = () => {
      running = false;
      due = Date.now() + everyMs;
      timer = setTimeout(run, everyMs);
    };
    request().then(done, done);
  };
  const onVisible = () => {
    if (Date.now() >= due) run();
  };
  document.addEventListener('visibilitychange', onVisible);
  run();
  return () => {
    stopped = true;
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', onVisible);
  };
}
