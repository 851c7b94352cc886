import type { Locale } from '../i18n';

const MINUTE_S = 60;
const HOUR_S = 3_600;
const LONG_HOURS_S = 48 * HOUR_S;
const DAY_S = 24 * HOUR_S;
/** What stands where there is no figure. */
export const NOTHING = '–';

const formats = new Map<string, Intl.NumberFormat>();

function format(locale: Locale, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = locale + JSON.stringify(options);
  let found = formats.get(key);
  if (!found) {
    found = new Intl.NumberFormat(locale, options);
    formats.set(key, found);
  }
  return found;
}

/** A number with as many places as given at most. */
export function number(value: number | null, locale: Locale, places = 0): string {
  return value === null ? NOTHING : format(locale, { maximumFractionDigits: places }).format(value);
}

/** 0.873 is 87.3 %. */
export function percent(share: number | null, locale: Locale, places = 1): string {
  if (share === null) return NOTHING;
  return format(locale, { style: 'percent', maximumFractionDigits: places }).format(share);
}

function unit(value: number, name: string, locale: Locale, places: number): string {
  const options = { style: 'unit', unit: name, unitDisplay: 'narrow' } as const;
  return format(locale, { ...options, maximumFractionDigits: places }).format(value);
}

/** Seconds up to a minute, then minutes and seconds as `1:42`, then hours, then days. */
export function duration(seconds: number | null, locale: Locale): string {
  if (seconds === null) return NOTHING;
  if (seconds < 9.95) return unit(seconds, 'second', locale, 1);
  const whole = Math.round(seconds);
  if (whole < MINUTE_S) return unit(whole, 'second', locale, 0);
  if (whole < HOUR_S) return clockwork(whole);
  if (seconds < LONG_HOURS_S) return unit(seconds / HOUR_S, 'hour', locale, 1);
  return unit(seconds / DAY_S, 'day', locale, 1);
}

/** How long something has lasted, as a clock that runs: `0:07`, `12:30`, then hours. */
export function lasting(seconds: number, locale: Locale): string {
  const whole = Math.max(0, Math.floor(seconds));
  return whole < HOUR_S ? clockwork(whole) : duration(whole, locale);
}

function clockwork(seconds: number): string {
  const rest = String(seconds % MINUTE_S).padStart(2, '0');
  return `${Math.floor(seconds / MINUTE_S)}:${rest}`;
}
