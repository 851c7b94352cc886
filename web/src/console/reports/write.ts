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

const DAY = { month: 'short', day: 'numeric' } as const;
const DAY_TITLE = { year: 'numeric', month: 'short', day: 'numeric', weekday: 'short' } as const;
const HOUR = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;

/** A day of the calendar, `2026-11-28`. */
export function dayText(day: string, locale: Locale, full = false): string {
  const options = { ...(full ? DAY_TITLE : DAY), timeZone: 'UTC' };
  return new Intl.DateTimeFormat(locale, options).format(Date.parse(`${day}T00:00:00Z`));
}

/** An hour of the zone; beside its neighbours the day is said once, at midnight. */
export function hourText(iso: string, zone: string, locale: Locale, full = false): string {
  const at = Date.parse(iso);
  const clock = new Intl.DateTimeFormat(locale, { ...HOUR, timeZone: zone }).format(at);
  if (!full && clock !== '00:00') return clock;
  const day = new Intl.DateTimeFormat(locale, { ...(full ? DAY_TITLE : DAY), timeZone: zone });
  return full ? `${day.format(at)} ${clock}` : day.format(at);
}
