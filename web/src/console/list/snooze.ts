const HOUR = 60 * 60_000;

export interface Preset {
  readonly name: 'hour' | 'threeHours' | 'evening' | 'tomorrow' | 'monday';
  readonly at: Date;
}

/** When people usually come back to something; a day begins at nine. Nothing that is less than half an hour away. */
export function presets(now: Date): readonly Preset[] {
  const at = (days: number, hour: number) => {
    const date = new Date(now);
    date.setDate(date.getDate() + days);
    date.setHours(hour, 0, 0, 0);
    return date;
  };
  const untilMonday = ((8 - now.getDay()) % 7) || 7;
  const all: Preset[] = [
    { name: 'hour', at: new Date(now.getTime() + HOUR) },
    { name: 'threeHours', at: new Date(now.getTime() + 3 * HOUR) },
    { name: 'evening', at: at(0, 18) },
    { name: 'tomorrow', at: at(1, 9) },
    // On Sundays that is tomorrow.
    ...(untilMonday > 1 ? [{ name: 'monday' as const, at: at(untilMonday, 9) }] : []),
  ];
  return all.filter((preset) => preset.at.getTime() - now.getTime() >= HOUR / 2);
}

/** A moment as a field for local date and time has it. */
export function localValue(at: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${date}T${two(at.getHours())}:${two(at.getMinutes())}`;
}
