import { expect, it } from 'vitest';
import { duration, lasting, number, percent } from '../numbers';

it('writes durations so that they are read at a glance', () => {
  const all = [0.4, 9.96, 42, 59.6, 102, 3_599, 12_240, 200_000];
  expect(all.map((each) => duration(each, 'en'))).toEqual([
    '0.4s',
    '10s',
    '42s',
    '1:00',
    '1:42',
    '59:59',
    '3.4h',
    '2.3d',
  ]);
  expect(duration(42, 'zh-CN')).toBe('42秒');
  expect(duration(12_240, 'zh-CN')).toBe('3.4小时');
  expect(duration(null, 'en')).toBe('–');
});

it('writes what lasts as a clock', () => {
  expect([-3, 7, 750, 3_600].map((each) => lasting(each, 'en'))).toEqual([
    '0:00',
    '0:07',
    '12:30',
    '1h',
  ]);
});

it('writes numbers and shares', () => {
  expect(number(12_345, 'en')).toBe('12,345');
  expect(number(4.256, 'en', 2)).toBe('4.26');
  expect(number(null, 'en')).toBe('–');
  expect(percent(0.8732, 'en')).toBe('87.3%');
  expect(percent(null, 'zh-CN')).toBe('–');
});
