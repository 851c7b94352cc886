import type { Kind } from '../figures';

export interface Series {
  name: string;
  /** One for each place; null where nothing was counted. */
  values: readonly (number | null)[];
}

export interface Place {
  key: string;
  /** Short, for the axis. */
  label: string;
  /** In full, for who looks at it. */
  title: string;
}

export interface ChartData {
  title: string;
  description: string;
  kind: Kind;
  stacked: boolean;
  places: readonly Place[];
  series: readonly Series[];
  /** How a value is written. */
  write(value: number | null): string;
}

export function highest({ series, places, stacked }: ChartData): number {
  let found = 0;
  places.forEach((_, index) => {
    const values = series.map((each) => each.values[index] ?? 0);
    const here = stacked ? values.reduce((sum, each) => sum + each, 0) : Math.max(0, ...values);
    found = Math.max(found, here);
  });
  return found;
}

/** A place with all that is drawn there, in one sentence. */
export function spoken({ places, series, write }: ChartData, index: number): string {
  const values = series.map((each) => `${each.name} ${write(each.values[index] ?? null)}`);
  return `${places[index]?.title ?? ''}: ${values.join(', ')}`;
}
