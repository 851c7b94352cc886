import { expect, it } from 'vitest';
import { check } from '../extras/fields';

const field = (type: 'text' | 'email' | 'phone', required = false) =>
  ({ name: 'x', label: 'X', type, required }) as const;

it('asks for what is required and lets the rest be empty', () => {
  expect(check(field('text', true), ' ')).toBe('required');
  expect(check(field('email'), '')).toBeNull();
});

it('knows addresses and telephone numbers', () => {
  for (const good of ['a@b.co', '王@例子.公司']) expect(check(field('email'), good)).toBeNull();
  for (const bad of ['a@b', 'a b@c.de', '@b.co']) expect(check(field('email'), bad)).toBe('badEmail');
  for (const good of ['13800138000', '+86 10 1234 5678', '010-12345678']) {
    expect(check(field('phone'), good)).toBeNull();
  }
  expect(check(field('phone'), 'call me')).toBe('badPhone');
});
