/** Days as calendars write them, `2026-11-28`, and ranges of them. */

export const PRESETS = [
  'today',
  'yesterday',
  'week',
  'days30',
  'month',
  'lastMonth',
  'custom',
] as const;
export type Preset = (typeof PRESETS)[number];

/** Both days are part of it. */
export interface Span {
  from: string;
  to: string;
}

/** Most days of a report, and of one by hour. */
export const DAYS_MAX = 400;
export const HOUR_DAYS_MAX = 62;
const DAY_MS = 86_400_000;

export function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && fromUtc(toUtc(text)) === text;
}

/** The day that a moment falls on in a time zone. */
export function dayIn(zone: string, at: number): string {
  const options = { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' } as const;
  const parts = new Intl.DateTimeFormat('en', options).formatToParts(at);
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? '';
  return `${part('year')}-${part('month')}-${part('day')}`;
}

export function addDays(day: string, count: number): string {
  return fromUtc(toUtc(day) + count * DAY_MS);
}

/** How many days a range has. */
export function length({ from, to }: Span): number {
  return Math.round((toUtc(to) - toUtc(from)) / DAY_MS) + 1;
}

export function spanOf(preset: Exclude<Preset, 'custom'>, today: string): Span {
  const firstOfMonth = `${today.slice(0, 8)}01`;
  switch (preset) {
    case 'today':
      return { from: today, to: today };
    case 'yesterday':
      return { from: addDays(today, -1), to: addDays(today, -1) };
    case 'week':
      return { from: addDays(today, -6), to: today };
    case 'days30':
      return { from: addDays(today, -29), to: today };
    case 'month':
      return { from: firstOfMonth, to: today };
    case 'lastMonth': {
      const to = addDays(firstOfMonth, -1);
      return { from: `${to.slice(0, 8)}01`, to };
    }
  }
}

/** As many days, just before. */
export function previous(span: Span): Span {
  const days = length(span);
  return { from: addDays(span.from, -days), to: addDays(span.to, -days) };
}

export type SpanFault = 'order' | 'long' | 'longHours' | 'incomplete';

export function faultOf({ from, to }: Span, byHour: boolean): SpanFault | null {
  if (!isDay(from) || !isDay(to)) return 'incomplete';
  if (to < from) return 'order';
  const days = length({ from, to });
  if (days > DAYS_MAX) return 'long';
  return byHour && days > HOUR_DAYS_MAX ? 'longHours' : null;
}

function toUtc(day: string): number {
  const [year, month, date] = day.split('-').map(Number) as [number, number, number];
  return Date.UTC(year, month - 1, date);
}

function fromUtc(at: number): string {
  return Number.isFinite(at) ? new Date(at).toISOString().slice(0, 10) : '';
}
