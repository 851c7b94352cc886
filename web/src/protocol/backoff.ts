export const BACKOFF_BASE_MS = 500;
export const BACKOFF_CEILING_MS = 30_000;

/**
 * Full-jitter exponential backoff: anywhere between zero and a ceiling that doubles from
 * 0.5 s to 30 s, so that clients which fell together do not return together.
 */
export function backoff(attempt: number, random: () => number): number {
  const ceiling = Math.min(BACKOFF_CEILING_MS, BACKOFF_BASE_MS * 2 ** Math.min(attempt, 16));
  return Math.round(random() * ceiling);
}
