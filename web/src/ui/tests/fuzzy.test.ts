import { expect, it } from 'vitest';
import { fuzzyScore } from '../fuzzy';

it.each([
  ['', 'anything', true],
  ['rsl', 'Resolve', true],
  ['go rep', 'Go to reports', true],
  ['ＲＥＰ', 'Go to reports', true],
  ['工单', '前往工单', true],
  ['xyz', 'Resolve', false],
  ['evloser', 'Resolve', false],
])('"%s" fits "%s": %s', (query, text, fits) => {
  expect(fuzzyScore(query, text) !== null).toBe(fits);
});

it('what stands together is better than what is scattered, a beginning better than a middle', () => {
  const best = (query: string, ...texts: string[]) =>
    [...texts].sort((a, b) => (fuzzyScore(query, b) ?? -1) - (fuzzyScore(query, a) ?? -1))[0];
  expect(best('rep', 'Grow a pear', 'Open reports', 'Deep repair')).not.toBe('Grow a pear');
  expect(best('re', 'Go to reports', 'Here')).toBe('Go to reports');
});
