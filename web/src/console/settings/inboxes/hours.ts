import { type DayName, DAYS, type Hours, type Span, type SpecialDay } from '../shapes';

export const SPANS_MAX = 8;
const DAY_MINUTES = 24 * 60;

export interface Times {
  from: string;
  to: string;
}

export function timesOf(span: Span): Times {
  const [from = '', to = ''] = span.split('-').map((part) => part.trim());
  return { from, to: to === '24:00' ? '00:00' : to };
}

/** Midnight at the end is written as the end of the day, so that a whole day can be told. */
export function spanOf({ from, to }: Times): Span {
  return `${from}-${to === '00:00' ? '24:00' : to}`;
}

/** Minutes after midnight, the end beyond 24 hours when it is on the next day; null for what is no span. */
export function minutesOf(span: Span): { from: number; to: number } | null {
  const match = /^(\d\d):(\d\d)-(\d\d):(\d\d)$/.exec(span);
  if (!match) return null;
  const [fromHour, fromMinute, toHour, toMinute] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
  ];
  const from = fromHour * 60 + fromMinute;
  const to = toHour * 60 + toMinute;
  const valid = fromMinute < 60 && toMinute < 60 && from < DAY_MINUTES && to <= DAY_MINUTES;
  if (!valid || from === to) return null;
  return { from, to: to < from ? to + DAY_MINUTES : to };
}

export type SpanProblem = 'incomplete' | 'overlap' | 'tooMany';

export function spansProblem(spans: readonly Span[]): SpanProblem | null {
  if (spans.length > SPANS_MAX) return 'tooMany';
  const minutes = spans.map(minutesOf);
  if (minutes.includes(null)) return 'incomplete';
  const sorted = (minutes as { from: number; to: number }[]).sort((a, b) => a.from - b.from);
  const overlaps = sorted.some((each, index) => index > 0 && each.from < sorted[index - 1]!.to);
  return overlaps ? 'overlap' : null;
}

export type SpecialProblem = 'date' | 'range' | 'twice' | SpanProblem;

/** What is wrong with each special day, in their order. */
export function specialProblems(days: readonly SpecialDay[]): (SpecialProblem | null)[] {
  return days.map((day, index) => {
    if (!/^\d{4}-\d\d-\d\d$/.test(day.date)) return 'date';
    const last = day.until ?? day.date;
    if (last < day.date) return 'range';
    const earlier = days.slice(0, index);
    const twice = earlier.some(
      (other) => other.date <= last && day.date <= (other.until ?? other.date),
    );
    return twice ? 'twice' : spansProblem(day.open);
  });
}

/** Where the next span of a day may well begin. */
export function nextSpan(spans: readonly Span[]): Span {
  const last = spans[spans.length - 1];
  const end = last === undefined ? null : (minutesOf(last)?.to ?? null);
  if (end === null || end + 120 > DAY_MINUTES)
    return spans.length === 0 ? '09:00-18:00' : '00:00-01:00';
  const from = end + 60;
  return `${clock(from)}-${clock(Math.min(from + 240, DAY_MINUTES))}`;
}

function clock(minutes: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** Where open time lies within a day that is drawn from 0 to 1; what goes on after midnight is cut there. */
export function bars(spans: readonly Span[]): { start: number; length: number }[] {
  return spans.flatMap((span) => {
    const minutes = minutesOf(span);
    if (!minutes) return [];
    const end = Math.min(minutes.to, DAY_MINUTES);
    return [{ start: minutes.from / DAY_MINUTES, length: (end - minutes.from) / DAY_MINUTES }];
  });
}

export function workingWeek(time_zone: string): Hours {
  const week = Object.fromEntries(
    DAYS.map((day, index) => [day, index < 5 ? ['09:00-18:00'] : []]),
  ) as unknown as Record<DayName, Span[]>;
  return { time_zone, week, special_days: [] };
}

/** Monday's hours on the other working days. */
export function spreadMonday(hours: Hours): Hours {
  const week = { ...hours.week };
  for (const day of DAYS.slice(1, 5)) week[day] = [...hours.week.monday];
  return { ...hours, week };
}

/** Names of time zones that the browser knows, and those in use. */
export function timeZones(used: string): string[] {
  const known = Intl.supportedValuesOf?.('timeZone') ?? [];
  return [...new Set([...known, 'UTC', used])].filter((zone) => zone !== '').sort();
}
