export const UNITS = { s: 1, min: 60, h: 3_600, d: 86_400 } as const;
export type Unit = keyof typeof UNITS;

/** The largest unit that shows these seconds as a whole number. */
export function unitOf(seconds: number | null): Unit {
  if (!seconds) return 'min';
  const fitting = (Object.keys(UNITS) as Unit[]).filter((unit) => seconds % UNITS[unit] === 0);
  return fitting[fitting.length - 1] ?? 's';
}

/** Reads a whole number that is not below zero; null when nothing or something else was typed. */
export function wholeNumber(text: string): number | null {
  return /^\d{1,12}$/.test(text.trim()) ? Number(text) : null;
}
