import { expect, it } from 'vitest';
import { dateOf, endOf, startOf } from '../days';

it.each(['2026-11-28', '2026-12-31', '2028-02-29'])('%s begins and ends where it says', (day) => {
  expect(dateOf(startOf(day))).toBe(day);
  expect(dateOf(endOf(day), -1)).toBe(day);
  const hours = (Date.parse(endOf(day)) - Date.parse(startOf(day))) / 3_600_000;
  // A day with a change of the clock is an hour off.
  expect(Math.abs(hours - 24)).toBeLessThanOrEqual(1);
});

it('what is no day is none', () => {
  expect([startOf(''), endOf('x'), dateOf('x')]).toEqual(['', '', '']);
});
