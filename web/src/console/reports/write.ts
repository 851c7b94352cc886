import type { Locale } from '../../i18n';
import { duration, number, percent } from '../../ui/numbers';
import type { Kind } from './figures';

/** A value as people read it. */
export function write(value: number | null, kind: Kind, locale: Locale): string {
  switch (kind) {
    case 'count':
      return number(value, locale);
    case 'duration':
      return duration(value, locale);
    case 'share':
      return percent(value, locale);
    case 'score':
      return number(value, locale, 2);
  }
}

const FORMATS = {
  day: { month: 'short', day: 'numeric' },
  fullDay: { year: 'numeric', month: 'short', day: 'numeric', weekday: 'short' },
  hour: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making one takes longer than using it, and a report has hundreds of rows. */
function format(name: keyof typeof FORMATS, timeZone: string, locale: Locale) {
  const key = `${name} ${timeZone} ${locale}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(locale, { ...FORMATS[name], timeZone });
    formats.set(key, found);
  }
  return found;
}

/** A day of the calendar, `2026-11-28`. */
export function dayText(day: string, locale: Locale, full = false): string {
  return format(full ? 'fullDay' : 'day', 'UTC', locale).format(Date.parse(`${day}T00:00:00Z`));
}

/** An hour of the zone; beside its neighbours the day is said once, at midnight. */
export function hourText(iso: string, zone: string, locale: Locale, full = false): string {
  const at = Date.parse(iso);
  const clock = format('hour', zone, locale).format(at);
  if (full) return `${format('fullDay', zone, locale).format(at)} ${clock}`;
  return clock === '00:00' ? format('day', zone, locale).format(at) : clock;
}
