import { type ReadonlySignal, signal } from '@preact/signals';

/** The time, anew every `everyMs` for as long as somebody looks at it. */
export function ticking(everyMs: number): ReadonlySignal<number> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const now = signal(Date.now(), {
    watched() {
      const tick = () => {
        now.value = Date.now();
        timer = setTimeout(tick, everyMs);
      };
      timer = setTimeout(tick, 0);
    },
    unwatched: () => clearTimeout(timer),
  });
  return now;
}

/** For what is told to the minute, and for clocks that run. */
export const halfMinutes = ticking(30_000);
export const seconds = ticking(1_000);
