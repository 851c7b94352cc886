/** The first of these attributes that says something. */
export function oneOf(
  attributes: Record<string, unknown>,
  names: readonly string[],
): string | null {
  for (const name of names) {
    const value = attributes[name];
    if (typeof value === 'string' && value.trim() !== '') return value.trim();
  }
  return null;
}

/** What the clock shows in a time zone; null when there is no such zone. */
export function localTime(zone: string, locale: string, now: number): string | null {
  try {
    return new Intl.DateTimeFormat(locale, {
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
      timeZone: zone,
    }).format(now);
  } catch {
    return null;
  }
}
