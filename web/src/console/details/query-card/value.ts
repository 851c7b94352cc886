import type { CardRow } from '../../../protocol/cards';

/** What stands at a path of names and numbers in an answer; undefined where there is nothing. */
export function valueAt(data: unknown, path: string): unknown {
  let value = data;
  for (const step of path === '' ? [] : path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value ?? undefined;
}

/** A value as it is written for people; null where there is none. */
export function wordsOf(value: unknown, words: { yes: string; no: string }): string | null {
  switch (typeof value) {
    case 'string':
      return value === '' ? null : value;
    case 'number':
    case 'bigint':
      return String(value);
    case 'boolean':
      return value ? words.yes : words.no;
    case 'object':
      if (value === null) return null;
      if (Array.isArray(value)) {
        const parts = value.flatMap((each) => wordsOf(each, words) ?? []);
        return parts.length === 0 ? null : parts.join(', ');
      }
      return JSON.stringify(value);
    default:
      return null;
  }
}

/** A number with the separators of the language; anything else as it is. */
export function numberOf(text: string, locale: string): string {
  const number = Number(text);
  // Of more digits than that the last would change.
  return text.trim() === '' || !Number.isFinite(number) || text.length > 15
    ? text
    : number.toLocaleString(locale, { maximumFractionDigits: 10 });
}

/** Whether a text is an address that may be followed: never a script. */
export function isAddress(text: string): boolean {
  try {
    return ['http:', 'https:'].includes(new URL(text).protocol);
  } catch {
    return false;
  }
}

/** A moment that can be read; null for what is none. */
export function timeOf(value: unknown): number | null {
  const at = typeof value === 'string' || typeof value === 'number' ? new Date(value).getTime() : NaN;
  return Number.isNaN(at) ? null : at;
}

export type Format = NonNullable<CardRow['format']>;
