import { expect, it } from 'vitest';
import { localValue, presets } from '../snooze';

const named = (now: Date) =>
  presets(now).map(({ name, at }) => `${name} ${localValue(at)}`);

it('offers the usual times, and none that is nearly there or there twice', () => {
  // A Wednesday.
  expect(named(new Date(2026, 10, 25, 10, 12))).toEqual([
    'hour 2026-11-25T11:12',
    'threeHours 2026-11-25T13:12',
    'evening 2026-11-25T18:00',
    'tomorrow 2026-11-26T09:00',
    'monday 2026-11-30T09:00',
  ]);
  const sunday = named(new Date(2026, 10, 29, 17, 45));
  expect(sunday).not.toContain('evening 2026-11-29T18:00');
  expect(sunday.filter((each) => each.endsWith('2026-11-30T09:00'))).toEqual([
    'tomorrow 2026-11-30T09:00',
  ]);
  expect(named(new Date(2026, 10, 30, 8, 0))).toContain('monday 2026-12-07T09:00');
});
