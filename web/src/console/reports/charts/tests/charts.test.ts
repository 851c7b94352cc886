import { describe, expect, it } from 'vitest';
import { fitting } from '../bar-chart';
import { highest, spoken } from '../data';
import { stepTo } from '../frame';
import { everyNth, scaleOf } from '../scale';
import { linePath } from '../time-chart';

describe('an axis', () => {
  it('ends at a round number above everything', () => {
    expect(scaleOf(0, 'count')).toEqual({ max: 1, ticks: [0, 1] });
    expect(scaleOf(3, 'count').ticks).toEqual([0, 1, 2, 3]);
    expect(scaleOf(37, 'count').ticks).toEqual([0, 10, 20, 30, 40]);
    expect(scaleOf(1_234, 'count').max).toBe(1_500);
  });

  it('cuts time as people do', () => {
    expect(scaleOf(100, 'duration').ticks).toEqual([0, 30, 60, 90, 120]);
    expect(scaleOf(4_000, 'duration').max).toBe(5_400);
    expect(scaleOf(9e7, 'duration').max).toBeGreaterThanOrEqual(9e7);
  });

  it('of shares is whole', () => {
    expect(scaleOf(0.3, 'share').max).toBe(1);
  });

  it('leaves out labels that would touch', () => {
    expect(everyNth(7, 700, 64)).toBe(1);
    expect(everyNth(30, 600, 64)).toBe(4);
    expect(everyNth(0, 600, 64)).toBe(1);
  });
});

describe('keys', () => {
  it('go from place to place and stop at the ends', () => {
    expect(stepTo('ArrowRight', null, 3, 'across')).toBe(0);
    expect(stepTo('ArrowRight', 2, 3, 'across')).toBe(2);
    expect(stepTo('ArrowLeft', null, 3, 'across')).toBe(2);
    expect(stepTo('ArrowDown', 0, 3, 'down')).toBe(1);
    expect(stepTo('End', 0, 3, 'down')).toBe(2);
  });

  it('that are none of the chart go on', () => {
    expect(stepTo('ArrowDown', 0, 3, 'across')).toBeUndefined();
    expect(stepTo('Escape', null, 3, 'across')).toBeUndefined();
    expect(stepTo('Escape', 1, 3, 'across')).toBeNull();
    expect(stepTo('End', null, 0, 'across')).toBeUndefined();
  });
});

it('a line breaks where nothing was counted', () => {
  const x = (index: number) => index * 10;
  const y = (value: number) => value;
  expect(linePath([1, 2, null, 4], x, y)).toBe('M0 1L10 2M30 4');
  expect(linePath([null], x, y)).toBe('');
});

it('a place says all that is drawn there', () => {
  const data = {
    title: '',
    description: '',
    kind: 'count',
    stacked: true,
    places: [
      { key: 'a', label: 'A', title: 'Agent A' },
      { key: 'b', label: 'B', title: 'Agent B' },
    ],
    series: [
      { name: 'in', values: [1, 4] },
      { name: 'out', values: [2, null] },
    ],
    write: (value: number | null) => String(value ?? '–'),
  } as const;
  expect(spoken(data, 1)).toBe('Agent B: in 4, out –');
  expect(highest(data)).toBe(4);
  expect(highest({ ...data, stacked: false })).toBe(4);
});

it('a name is cut to the room it has', () => {
  expect(fitting('Lin', 100)).toBe('Lin');
  expect(fitting('一二三四五六七八', 50)).toBe('一二三…');
});
