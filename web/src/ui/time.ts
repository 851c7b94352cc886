import type { I18n } from '../i18n';
import type { shared } from '../i18n/en/shared';

export type SharedI18n = I18n<keyof typeof shared>;
type AgoI18n = I18n<'justNow' | 'minutesAgo' | 'hoursAgo' | 'daysAgo'>;
type Localized = Pick<SharedI18n, 'locale'>;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const formats = new Map<string, Intl.DateTimeFormat>();

function format(
  locale: string,
  name: string,
  options: Intl.DateTimeFormatOptions,
  at: Date,
): string {
  const key = `${locale} ${name}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(locale, options);
    formats.set(key, found);
  }
  return found.format(at);
}

/** Hours and minutes, in all languages alike: what `Intl` needs before its first answer is what a first message waits for. */
export function clock(iso: string | number): string {
  const at = new Date(iso);
  return `${at.getHours()}:${at.getMinutes()}`.replace(/\b\d\b/g, '0$&');
}

/** Day and time, for details. */
export function moment(iso: string | number, { locale }: SharedI18n): string {
  const options = {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  } as const;
  return format(locale.value, 'moment', options, new Date(iso));
}

function midnight(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

/** Today, yesterday, or the date. */
export function day(iso: string, { t, locale }: SharedI18n, now = Date.now()): string {
  const at = new Date(iso);
  const days = Math.round((midnight(now) - midnight(at.getTime())) / DAY);
  if (days === 0) return t('today');
  if (days === 1) return t('yesterday');
  const sameYear = at.getFullYear() === new Date(now).getFullYear();
  const options = {
    month: 'long',
    day: 'numeric',
    weekday: 'short',
    ...(sameYear ? {} : { year: 'numeric' as const }),
  } as const;
  return format(locale.value, sameYear ? 'day' : 'year', options, at);
}

/** How long ago, in as few letters as a list row has. */
export function ago(iso: string, { t, locale }: AgoI18n, now: number): string {
  const passed = now - Date.parse(iso);
  if (passed < MINUTE) return t('justNow');
  if (passed < HOUR) return t('minutesAgo', { n: Math.floor(passed / MINUTE) });
  if (passed < DAY) return t('hoursAgo', { n: Math.floor(passed / HOUR) });
  if (passed < 7 * DAY) return t('daysAgo', { n: Math.floor(passed / DAY) });
  return format(locale.value, 'short', { month: 'numeric', day: 'numeric' }, new Date(iso));
}

/** A size as people say it: 820 B, 34 KB, 1.2 MB. */
export function fileSize(bytes: number, { locale }: Localized): string {
  const units = ['B', 'KB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit += 1) value /= 1024;
  const digits = value < 10 && unit > 0 ? 1 : 0;
  return `${value.toLocaleString(locale.value, { maximumFractionDigits: digits })} ${units[unit]}`;
}

/** Minutes and seconds that something lasts. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
