import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../protocol/agent-api';
import { Conflict, differing, isStale, rebased } from '../conflict';
import { Form } from '../form';

interface Shop {
  name: string;
  greeting?: string;
  settings: Record<string, unknown>;
}

const BASE: Shop = { name: 'Web', greeting: '', settings: { idle: 900, hours: { week: 1 }, bot: {} } };

/** A form whose first save comes after somebody else's. */
function contested(theirs: Shop, mine: Partial<Shop>) {
  const sent: Shop[] = [];
  const form = new Form<Shop>({
    value: BASE,
    save: (value) => {
      sent.push(value);
      if (sent.length === 1) return Promise.reject(new Conflict(theirs));
      return Promise.resolve(value);
    },
  });
  form.set(mine);
  return { form, sent };
}

describe('a change that others came before', () => {
  const theirs: Shop = { ...BASE, greeting: 'Hi', settings: { idle: 60, hours: { week: 2 } } };

  it('names what they changed, and what was changed here, too', async () => {
    const { form } = contested(theirs, { name: 'Shop', settings: { ...BASE.settings, idle: 30 } });
    expect(await form.save()).toBe(false);
    expect(form.failure.value).toBeNull();
    expect(form.contested()).toEqual([
      { field: 'greeting', both: false },
      { field: 'settings.idle', both: true },
      { field: 'settings.hours', both: false },
      { field: 'settings.bot', both: false },
    ]);
  });

  it('is saved upon theirs when it is kept', async () => {
    const { form, sent } = contested(theirs, { settings: { ...BASE.settings, idle: 30 } });
    await form.save();
    expect(await form.save()).toBe(false);
    expect(sent).toHaveLength(1);
    expect(await form.keepMine()).toBe(true);
    const kept = { ...theirs, settings: { idle: 30, hours: { week: 2 } } };
    expect(sent[1]).toEqual(kept);
    expect([form.base.value, form.dirty.value, form.conflict.value]).toEqual([kept, false, null]);
  });

  it('is gone when theirs is taken', async () => {
    const { form } = contested(theirs, { name: 'Shop' });
    await form.save();
    form.discard();
    expect(form.value.value).toEqual(theirs);
    expect([form.dirty.value, form.contested()]).toEqual([false, []]);
  });

  it('needs no second save when they made the same one', async () => {
    const { form, sent } = contested({ ...BASE, name: 'Shop' }, { name: 'Shop' });
    await form.save();
    expect(await form.keepMine()).toBe(true);
    expect(sent).toHaveLength(1);
  });
});

it('takes out what was taken out here', () => {
  const mine = { ...BASE, settings: { idle: 900, hours: { week: 1 } } };
  const theirs = { ...BASE, settings: { ...BASE.settings, idle: 60 } };
  expect(rebased(mine, BASE, theirs).settings).toEqual({ idle: 60, hours: { week: 1 } });
  expect(differing(BASE, mine)).toEqual(['settings.bot']);
});

it('knows the refusal of a version from others', () => {
  const refusal = (code: 'conflict' | 'forbidden', field: string) => new ApiError(409, code, '', field);
  expect(isStale(refusal('conflict', 'version'))).toBe(true);
  expect(isStale(refusal('conflict', 'name'))).toBe(false);
  expect(isStale(new Error())).toBe(false);
});
