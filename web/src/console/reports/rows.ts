import type { Figures, Grouping, Report, ReportRow } from '../../protocol/types';
import { FIGURES, type FigureName } from './figures';
import { addDays, dayIn, length } from './range';

/** A row of the table and a place of the chart. */
export interface Row {
  key: string;
  /** As the server names it; null for what has no agent, team or tag. */
  name: string | null;
  id: string | null;
  begins_at: string | null;
  figures: Figures;
}

const NO_TIME = { count: 0, mean_s: null, p50_s: null, p90_s: null, max_s: null } as const;
const NO_TARGET = { met: 0, of: 0, share: null } as const;

/** Of an hour or day on which nothing was counted. */
export const EMPTY: Figures = {
  opened: 0,
  handled: 0,
  missed: 0,
  abandoned: 0,
  resolved: 0,
  resolved_by_clock: 0,
  transfers: 0,
  messages_in: 0,
  messages_out: 0,
  messages_bot: 0,
  queue_wait: NO_TIME,
  first_response: NO_TIME,
  response: NO_TIME,
  handling: NO_TIME,
  ratings: {
    count: 0,
    invited: 0,
    mean: null,
    scores: [0, 0, 0, 0, 0],
    satisfied: null,
    participation: null,
  },
  waiting_target: NO_TARGET,
  first_response_target: NO_TARGET,
};

const HOUR_MS = 3_600_000;

export function isByTime(by: Grouping): boolean {
  return by === 'hour' || by === 'day';
}

/** The rows of a report; of time every hour or day up to `now`, also those without anything. */
export function rowsOf(report: Report, now: number): Row[] {
  const rows = report.rows.map(row);
  if (report.by === 'day') return filled(rows, days(report, now), (each) => each.name ?? '');
  if (report.by === 'hour') return filled(rows, hours(report, now), (each) => each.key);
  return rows;
}

function row({ id, name, begins_at = null, figures }: ReportRow, index: number): Row {
  const key = begins_at ? String(Date.parse(begins_at)) : (id ?? `none-${index}`);
  return { key, name, id, begins_at, figures };
}

function days(report: Report, now: number): [string, Row][] {
  const first = dayIn(report.zone, Date.parse(report.from));
  const last = dayIn(report.zone, Math.min(Date.parse(report.to) - 1, now));
  const count = Math.max(0, length({ from: first, to: last }));
  return Array.from({ length: count }, (_, index) => {
    const name = addDays(first, index);
    return [name, { key: name, name, id: null, begins_at: null, figures: EMPTY }];
  });
}

function hours(report: Report, now: number): [string, Row][] {
  const from = Date.parse(report.from);
  const to = Math.min(Date.parse(report.to), now);
  const all: [string, Row][] = [];
  for (let at = from; at < to; at += HOUR_MS) {
    const begins_at = new Date(at).toISOString();
    all.push([String(at), { key: String(at), name: null, id: null, begins_at, figures: EMPTY }]);
  }
  return all;
}

function filled(rows: Row[], places: [string, Row][], placeOf: (row: Row) => string): Row[] {
  const all = new Map(places);
  for (const each of rows) all.set(placeOf(each), each);
  return [...all].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, each]) => each);
}

/** Ordered by a figure, or as they came; what has no value is last either way. */
export function sorted(rows: readonly Row[], by: string, ascending: boolean): readonly Row[] {
  if (by === '' || !(by in FIGURES)) return rows;
  const { value } = FIGURES[by as FigureName];
  return [...rows].sort((a, b) => {
    const [x, y] = [value(a.figures), value(b.figures)];
    if (x === null || y === null) return (x === null ? 1 : 0) - (y === null ? 1 : 0);
    return ascending ? x - y : y - x;
  });
}
