import type { Grouping } from '../../protocol/types';
import { type Chart, isChart } from './figures';
import { dayIn, isDay, type Preset, PRESETS, type Span, spanOf } from './range';

export const GROUPINGS: readonly Grouping[] = ['day', 'hour', 'agent', 'team', 'inbox', 'tag'];
export const FILTERS = ['agent', 'team', 'inbox', 'tag'] as const;
export type Filter = (typeof FILTERS)[number];

/** Everything that is chosen on the page; its address holds all of it. */
export interface Choice extends Record<Filter, string> {
  preset: Preset;
  /** The days of a range of one's own; "" while there is none. */
  from: string;
  to: string;
  zone: string;
  by: Grouping;
  chart: Chart;
  compare: boolean;
  table: boolean;
  /** The column that rows are ordered by; "" is the order of time or names. */
  sort: string;
  ascending: boolean;
}

const DEFAULTS = { preset: 'week', by: 'day', chart: 'volume' } as const;

export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

export function isZone(name: string): boolean {
  try {
    return name !== '' && dayIn(name, 0) !== '';
  } catch {
    return false;
  }
}

export function choiceOf(query: URLSearchParams): Choice {
  const text = (name: string) => query.get(name) ?? '';
  const one = <T extends string>(name: string, known: readonly T[], otherwise: T): T =>
    known.find((each) => each === text(name)) ?? otherwise;
  const day = (name: string) => (isDay(text(name)) ? text(name) : '');
  const chart = text('chart');
  return {
    preset: one('range', PRESETS, DEFAULTS.preset),
    from: day('from'),
    to: day('to'),
    zone: isZone(text('zone')) ? text('zone') : ownZone(),
    by: one('by', GROUPINGS, DEFAULTS.by),
    chart: isChart(chart) ? chart : DEFAULTS.chart,
    compare: text('compare') === '1',
    table: text('table') !== '0',
    sort: text('sort'),
    ascending: text('order') === 'up',
    agent: text('agent'),
    team: text('team'),
    inbox: text('inbox'),
    tag: text('tag'),
  };
}

/** What goes into the address; the zone always, for who opens a link may live in another one. */
export function queryOf(choice: Choice): Record<string, string> {
  const query: Record<string, string> = { range: choice.preset, zone: choice.zone, by: choice.by };
  if (choice.preset === 'custom') {
    query['from'] = choice.from;
    query['to'] = choice.to;
  }
  if (choice.chart !== DEFAULTS.chart) query['chart'] = choice.chart;
  if (choice.compare) query['compare'] = '1';
  if (!choice.table) query['table'] = '0';
  if (choice.sort) query['sort'] = choice.sort;
  if (choice.sort && choice.ascending) query['order'] = 'up';
  for (const filter of FILTERS) if (choice[filter]) query[filter] = choice[filter];
  return query;
}

export function spanOfChoice(choice: Choice, now: number): Span {
  return choice.preset === 'custom'
    ? { from: choice.from, to: choice.to }
    : spanOf(choice.preset, dayIn(choice.zone, now));
}

/** The parameters of `GET /reports`. */
export function request(choice: Choice, span: Span): Record<string, string> {
  const query: Record<string, string> = { ...span, zone: choice.zone, by: choice.by };
  for (const filter of FILTERS) if (choice[filter]) query[filter] = choice[filter];
  return query;
}
