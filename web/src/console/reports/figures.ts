import type { Durations, Figures } from '../../protocol/types';

export type Kind = 'count' | 'duration' | 'share' | 'score';

/** A number of a report: how to find it, how to write it, and whether more of it is good. */
export interface Figure {
  kind: Kind;
  value(figures: Figures): number | null;
  better: 'more' | 'less' | null;
}

type DurationName = 'first_response' | 'queue_wait' | 'response' | 'handling';

const count = (
  name: { [K in keyof Figures]: Figures[K] extends number ? K : never }[keyof Figures],
  better: Figure['better'] = null,
): Figure => ({ kind: 'count', value: (figures) => figures[name], better });

const time = (name: DurationName, part: Exclude<keyof Durations, 'count'>): Figure => ({
  kind: 'duration',
  value: (figures) => figures[name][part],
  better: name === 'handling' ? null : 'less',
});

/** In the order of the table's columns. */
export const FIGURES = {
  opened: count('opened'),
  handled: count('handled', 'more'),
  missed: count('missed', 'less'),
  abandoned: count('abandoned', 'less'),
  resolved: count('resolved', 'more'),
  resolvedByClock: count('resolved_by_clock'),
  transfers: count('transfers', 'less'),
  firstResponseP50: time('first_response', 'p50_s'),
  firstResponseP90: time('first_response', 'p90_s'),
  queueWaitP50: time('queue_wait', 'p50_s'),
  queueWaitP90: time('queue_wait', 'p90_s'),
  responseP50: time('response', 'p50_s'),
  responseP90: time('response', 'p90_s'),
  handlingP50: time('handling', 'p50_s'),
  handlingP90: time('handling', 'p90_s'),
  waitingTarget: {
    kind: 'share',
    value: (figures) => figures.waiting_target.share,
    better: 'more',
  },
  firstResponseTarget: {
    kind: 'share',
    value: (figures) => figures.first_response_target.share,
    better: 'more',
  },
  ratingMean: { kind: 'score', value: (figures) => figures.ratings.mean, better: 'more' },
  satisfied: { kind: 'share', value: (figures) => figures.ratings.satisfied, better: 'more' },
  participation: {
    kind: 'share',
    value: (figures) => figures.ratings.participation,
    better: 'more',
  },
  messagesIn: count('messages_in'),
  messagesOut: count('messages_out'),
  messagesBot: count('messages_bot'),
} as const satisfies Record<string, Figure>;

export type FigureName = keyof typeof FIGURES;
export const FIGURE_NAMES = Object.keys(FIGURES) as FigureName[];

/** What can be drawn. */
export const CHARTS = [
  'volume',
  'firstResponse',
  'queueWait',
  'response',
  'handling',
  'targets',
  'ratings',
  'messages',
] as const;
export type Chart = (typeof CHARTS)[number];

export function isChart(text: string): text is Chart {
  return CHARTS.includes(text as Chart);
}

/** One thing that a chart draws of each row. */
export interface ChartPart {
  name: FigureName | `score${1 | 2 | 3 | 4 | 5}`;
  value(figures: Figures): number | null;
}

const part = (name: FigureName): ChartPart => ({ name, value: FIGURES[name].value });
const score = (stars: 1 | 2 | 3 | 4 | 5): ChartPart => ({
  name: `score${stars}`,
  value: (figures) => figures.ratings.scores[stars - 1] ?? 0,
});

export interface ChartPlan {
  kind: Kind;
  /** Whether the parts add up to a whole. */
  stacked: boolean;
  parts: readonly ChartPart[];
}

export const CHART_PLANS: Record<Chart, ChartPlan> = {
  volume: {
    kind: 'count',
    stacked: false,
    parts: [part('opened'), part('handled'), part('missed')],
  },
  firstResponse: {
    kind: 'duration',
    stacked: false,
    parts: [part('firstResponseP50'), part('firstResponseP90')],
  },
  queueWait: {
    kind: 'duration',
    stacked: false,
    parts: [part('queueWaitP50'), part('queueWaitP90')],
  },
  response: {
    kind: 'duration',
    stacked: false,
    parts: [part('responseP50'), part('responseP90')],
  },
  handling: {
    kind: 'duration',
    stacked: false,
    parts: [part('handlingP50'), part('handlingP90')],
  },
  targets: {
    kind: 'share',
    stacked: false,
    parts: [part('waitingTarget'), part('firstResponseTarget')],
  },
  ratings: {
    kind: 'count',
    stacked: true,
    parts: [score(5), score(4), score(3), score(2), score(1)],
  },
  messages: {
    kind: 'count',
    stacked: true,
    parts: [part('messagesIn'), part('messagesOut'), part('messagesBot')],
  },
};

export type Delta =
  | { kind: 'same' }
  | { kind: 'more' | 'less'; by: number; good: boolean | null }
  /** There is nothing to compare with. */
  | { kind: 'none' };

/** How a figure stands beside that of the period before; `by` is a share of that one. */
export function deltaOf(
  figure: Figure,
  now: number | null,
  before: number | null,
): Delta {
  if (now === null || before === null || (before === 0 && now !== 0)) return { kind: 'none' };
  const by = before === 0 ? 0 : (now - before) / before;
  if (Math.abs(by) < 0.0005) return { kind: 'same' };
  const kind = by > 0 ? 'more' : 'less';
  return { kind, by: Math.abs(by), good: figure.better === null ? null : figure.better === kind };
}
