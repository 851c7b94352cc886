import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../protocol/agent-api';
import { unitOf, wholeNumber } from '../durations';
import { Form, isPart } from '../form';
import { linesOf, wordsOf } from '../inputs';
import { same } from '../same';
import { isWithin } from '../within';

const form = (save: (value: { name: string }) => Promise<{ name: string }>) =>
  new Form({
    value: { name: 'a' },
    check: ({ name }): Record<string, string> => (name === '' ? { name: 'needed' } : {}),
    save,
  });

describe('a form', () => {
  it('knows whether something was changed', () => {
    const one = form((value) => Promise.resolve(value));
    expect(one.dirty.value).toBe(false);
    one.set({ name: 'b' });
    expect(one.dirty.value).toBe(true);
    one.set({ name: 'a' });
    expect(one.dirty.value).toBe(false);
  });

  it('takes what the server made of it', async () => {
    const one = form(({ name }) => Promise.resolve({ name: name.trim() }));
    one.set({ name: ' b ' });
    expect(await one.save()).toBe(true);
    expect(one.value.value).toEqual({ name: 'b' });
    expect(one.dirty.value).toBe(false);
  });

  it('keeps what was typed when it cannot be saved, and names the field', async () => {
    const one = form(() =>
      Promise.reject(new ApiError(400, 'bad_frame', 'too odd', 'settings.name')),
    );
    one.set({ name: 'b' });
    expect(await one.save()).toBe(false);
    expect(one.value.value).toEqual({ name: 'b' });
    expect(one.errorAt('name')).toBe('too odd');
    expect(one.errorAt('other')).toBeNull();
  });

  it('asks the server only when nothing is wrong', async () => {
    let asked = 0;
    const one = form((value) => {
      asked += 1;
      return Promise.resolve(value);
    });
    one.set({ name: '' });
    expect(one.errorAt('name')).toBeNull();
    expect(await one.save()).toBe(false);
    expect(one.errorAt('name')).toBe('needed');
    one.set({ name: 'c' });
    expect(one.errorAt('name')).toBeNull();
    expect(await one.save()).toBe(true);
    expect(asked).toBe(1);
  });

  it('keeps what is typed while it is saved', async () => {
    let answer: (value: { name: string }) => void = () => undefined;
    const one = form(() => new Promise((resolve) => (answer = resolve)));
    one.set({ name: 'b' });
    const saving = one.save();
    one.set({ name: 'bc' });
    answer({ name: 'b' });
    await saving;
    expect(one.value.value).toEqual({ name: 'bc' });
    expect(one.dirty.value).toBe(true);
  });
});

it('compares without regard to what is left out', () => {
  expect(same({ a: 1, b: undefined }, { a: 1 })).toBe(true);
  expect(same({ a: [1, 2] }, { a: [1, 2, 3] })).toBe(false);
  expect(same({ a: [] }, { a: {} })).toBe(false);
  expect(same({ a: null }, {})).toBe(false);
});

it('finds parts of fields', () => {
  expect(isPart('hours.week', 'hours')).toBe(true);
  expect(isPart('hours[0]', 'hours')).toBe(true);
  expect(isPart('hours_off', 'hours')).toBe(false);
});

it('shows durations in the largest unit that fits', () => {
  expect([unitOf(null), unitOf(90), unitOf(120), unitOf(3_600), unitOf(172_800)]).toEqual([
    'min',
    's',
    'min',
    'h',
    'd',
  ]);
  expect([wholeNumber('12'), wholeNumber(''), wholeNumber('-1'), wholeNumber('1.5')]).toEqual([
    12,
    null,
    null,
    null,
  ]);
});

it('reads lists by line and by comma', () => {
  expect(linesOf(' a, b \n\n c')).toEqual(['a, b', 'c']);
  expect(wordsOf('退款，refund, 退货、')).toEqual(['退款', 'refund', '退货']);
});

it('tells the addresses of one form', () => {
  expect(isWithin('#/settings/inboxes/1/bot', '#/settings/inboxes/1')).toBe(true);
  expect(isWithin('#/settings/inboxes/12', '#/settings/inboxes/1')).toBe(false);
});
