import { expect, it } from 'vitest';
import { scrollTo, WINDOW_FROM, windowOf } from '../window';

it('short lists are there as a whole', () => {
  expect(windowOf(WINDOW_FROM, 76, 5000, 800)).toEqual({ start: 0, end: WINDOW_FROM });
});

it.each([
  [0, 0, 21],
  [76_000, 990, 1021],
  [76 * 19_995, 19_985, 20_000],
  // Scrolled beyond the end, as when a list became shorter.
  [76 * 30_000, 19_989, 20_000],
])('of 20,000 rows, scrolled to %i, there are %i to %i', (top, start, end) => {
  expect(windowOf(20_000, 76, top, 800)).toEqual({ start, end });
});

it('scrolls no further than it takes to see a row', () => {
  expect(scrollTo(3, 76, 0, 800)).toBeNull();
  expect(scrollTo(0, 76, 200, 800)).toBe(0);
  expect(scrollTo(20, 76, 0, 800)).toBe(21 * 76 - 800);
});
