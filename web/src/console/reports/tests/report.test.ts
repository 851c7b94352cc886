import { describe, expect, it } from 'vitest';
import type { Report } from '../../../protocol/types';
import { choiceOf, queryOf, request } from '../choice';
import { deltaOf, FIGURES } from '../figures';
import { addDays, dayIn, faultOf, isDay, length, previous, spanOf } from '../range';
import { EMPTY, rowsOf, sorted } from '../rows';

describe('ranges', () => {
  it('are days of the zone', () => {
    const at = Date.parse('2026-11-27T16:30:00Z');
    expect(dayIn('UTC', at)).toBe('2026-11-27');
    expect(dayIn('Asia/Shanghai', at)).toBe('2026-11-28');
  });

  it('of the presets hold both ends', () => {
    const today = '2026-03-05';
    expect(spanOf('today', today)).toEqual({ from: today, to: today });
    expect(spanOf('yesterday', today)).toEqual({ from: '2026-03-04', to: '2026-03-04' });
    expect(spanOf('week', today)).toEqual({ from: '2026-02-27', to: today });
    expect(length(spanOf('days30', today))).toBe(30);
    expect(spanOf('month', today)).toEqual({ from: '2026-03-01', to: today });
    expect(spanOf('lastMonth', today)).toEqual({ from: '2026-02-01', to: '2026-02-28' });
    expect(spanOf('lastMonth', '2026-01-31')).toEqual({ from: '2025-12-01', to: '2025-12-31' });
  });

  it('are followed by the next one without a gap', () => {
    const span = { from: '2026-02-27', to: '2026-03-05' };
    expect(previous(span)).toEqual({ from: '2026-02-20', to: '2026-02-26' });
    expect(addDays(previous(span).to, 1)).toBe(span.from);
  });

  it('that the server would refuse are told before', () => {
    expect(isDay('2026-02-30')).toBe(false);
    expect(faultOf({ from: '2026-02-30', to: '2026-03-05' }, false)).toBe('incomplete');
    expect(faultOf({ from: '2026-03-06', to: '2026-03-05' }, false)).toBe('order');
    expect(faultOf({ from: '2025-01-01', to: '2026-03-05' }, false)).toBe('long');
    expect(faultOf({ from: '2026-01-01', to: '2026-03-05' }, true)).toBe('longHours');
    expect(faultOf({ from: '2026-01-01', to: '2026-03-05' }, false)).toBeNull();
  });
});

describe('what is chosen', () => {
  it('comes back from its address', () => {
    const choice = choiceOf(
      new URLSearchParams(
        'range=custom&from=2026-11-01&to=2026-11-05&zone=Asia/Tokyo&by=agent&chart=ratings' +
          '&compare=1&table=0&sort=missed&order=up&inbox=abc',
      ),
    );
    expect(choiceOf(new URLSearchParams(queryOf(choice)))).toEqual(choice);
    expect(request(choice, { from: choice.from, to: choice.to })).toEqual({
      from: '2026-11-01',
      to: '2026-11-05',
      zone: 'Asia/Tokyo',
      by: 'agent',
      inbox: 'abc',
    });
  });

  it('falls back to what there is', () => {
    const choice = choiceOf(
      new URLSearchParams('range=decade&zone=Mars&by=mood&chart=pie&from=no'),
    );
    expect(choice).toMatchObject({ preset: 'week', by: 'day', chart: 'volume', from: '' });
    expect(choice.zone).toBe(Intl.DateTimeFormat().resolvedOptions().timeZone);
  });
});

const figures = (opened: number, mean: number | null = null) => ({
  ...EMPTY,
  opened,
  ratings: { ...EMPTY.ratings, mean },
});

const report = (by: Report['by'], rows: Report['rows']): Report => ({
  from: '2026-11-26T16:00:00Z',
  to: '2026-11-29T16:00:00Z',
  zone: 'Asia/Shanghai',
  by,
  total: EMPTY,
  rows,
});

describe('rows', () => {
  it('have a place for every day, but none for those to come', () => {
    const found = rowsOf(
      report('day', [
        {
          begins_at: '2026-11-27T16:00:00Z',
          id: null,
          name: '2026-11-28',
          figures: figures(3),
        },
      ]),
      Date.parse('2026-11-28T10:00:00Z'),
    );
    expect(found.map((each) => [each.name, each.figures.opened])).toEqual([
      ['2026-11-27', 0],
      ['2026-11-28', 3],
    ]);
  });

  it('have a place for every hour', () => {
    const begins_at = '2026-11-26T17:00:00Z';
    const found = rowsOf(
      report('hour', [{ begins_at, id: null, name: '2026-11-27 01:00', figures: figures(2) }]),
      Date.parse('2026-11-26T18:30:00Z'),
    );
    expect(found.map((each) => each.figures.opened)).toEqual([0, 2, 0]);
  });

  it('are ordered by a figure, those without one last', () => {
    const rows = rowsOf(
      report('agent', [
        { id: 'a', name: 'A', figures: figures(1, 4) },
        { id: 'b', name: 'B', figures: figures(3) },
        { id: null, name: null, figures: figures(2, 5) },
      ]),
      0,
    );
    const names = (by: string, up: boolean) => sorted(rows, by, up).map((each) => each.name);
    expect(names('opened', false)).toEqual(['B', null, 'A']);
    expect(names('ratingMean', true)).toEqual(['A', null, 'B']);
    expect(names('ratingMean', false)).toEqual([null, 'A', 'B']);
    expect(names('', false)).toEqual(['A', 'B', null]);
  });
});

it('says how a figure stands beside the one before', () => {
  expect(deltaOf(FIGURES.missed, 3, 4)).toEqual({ kind: 'less', by: 0.25, good: true });
  expect(deltaOf(FIGURES.handled, 3, 4)).toEqual({ kind: 'less', by: 0.25, good: false });
  expect(deltaOf(FIGURES.opened, 6, 4)).toEqual({ kind: 'more', by: 0.5, good: null });
  expect(deltaOf(FIGURES.opened, 4, 4)).toEqual({ kind: 'same' });
  expect(deltaOf(FIGURES.opened, 0, 0)).toEqual({ kind: 'same' });
  expect(deltaOf(FIGURES.opened, 4, 0)).toEqual({ kind: 'none' });
  expect(deltaOf(FIGURES.ratingMean, null, 4)).toEqual({ kind: 'none' });
});
