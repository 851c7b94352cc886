import { expect, it } from 'vitest';
import { isAddress, numberOf, timeOf, valueAt, wordsOf } from '../value';

const WORDS = { yes: 'yes', no: 'no' };

it('finds what a path leads to, and nothing that objects have from elsewhere', () => {
  const data = { user: { name: 'Lin', tickets: [{ id: 7 }], none: null } };
  expect(valueAt(data, '')).toBe(data);
  expect(valueAt(data, 'user.name')).toBe('Lin');
  expect(valueAt(data, 'user.tickets.0.id')).toBe(7);
  for (const path of ['user.none', 'user.none.x', 'user.name.length', 'user.toString', 'x', 'user.tickets.1']) {
    expect(valueAt(data, path), path).toBeUndefined();
  }
  expect(valueAt(null, 'user')).toBeUndefined();
});

it('writes values for people', () => {
  const cases: [unknown, string | null][] = [
    ['', null],
    [null, null],
    [undefined, null],
    [0, '0'],
    [true, 'yes'],
    [false, 'no'],
    [['a', null, 2], 'a, 2'],
    [[], null],
    [{ a: 1 }, '{"a":1}'],
  ];
  for (const [value, text] of cases) expect(wordsOf(value, WORDS)).toBe(text);
});

it('separates the digits of numbers and changes none', () => {
  expect(numberOf('1234567.5', 'en')).toBe('1,234,567.5');
  expect(numberOf('12345678901234567890', 'en')).toBe('12345678901234567890');
  expect(numberOf('twelve', 'en')).toBe('twelve');
  expect(numberOf('', 'en')).toBe('');
});

it('follows addresses of the web alone', () => {
  expect(isAddress('https://shop.example/a?b')).toBe(true);
  for (const text of ['javascript:alert(1)', ' java\nscript:x', 'data:text/html,x', '/local', 'x']) {
    expect(isAddress(text), text).toBe(false);
  }
});

it('reads moments', () => {
  expect(timeOf('2026-11-29T09:00:00Z')).toBe(Date.UTC(2026, 10, 29, 9));
  expect(timeOf(0)).toBe(0);
  for (const value of ['soon', null, {}, undefined]) expect(timeOf(value)).toBeNull();
});
