import { describe, expect, it } from 'vitest';
import { sendKeyOf } from '../send-keys';

const press = (change: Partial<KeyboardEvent> = {}) =>
  ({
    key: 'Enter',
    keyCode: 13,
    isComposing: false,
    shiftKey: false,
    altKey: false,
    ctrlKey: false,
    metaKey: false,
    ...change,
  }) as KeyboardEvent;

describe('the key that sends', () => {
  it('is Enter, and Ctrl or ⌘ with it; Shift breaks the line', () => {
    expect(sendKeyOf(press(), 'enter')).toBe('send');
    expect(sendKeyOf(press({ shiftKey: true }), 'enter')).toBe('line');
    expect(sendKeyOf(press({ ctrlKey: true }), 'enter')).toBe('send');
    expect(sendKeyOf(press({ metaKey: true, shiftKey: true }), 'enter')).toBe('next');
  });

  it('needs Ctrl or ⌘ when that was chosen', () => {
    expect(sendKeyOf(press(), 'mod-enter')).toBe('line');
    expect(sendKeyOf(press({ ctrlKey: true }), 'mod-enter')).toBe('send');
  });

  it.each(['enter', 'mod-enter'] as const)('is none while a word is composed (%s)', (by) => {
    expect(sendKeyOf(press({ isComposing: true }), by)).toBeNull();
    // Safari ends the composition before the key that ends it.
    expect(sendKeyOf(press({ keyCode: 229 }), by)).toBeNull();
    expect(sendKeyOf(press({ isComposing: true, ctrlKey: true }), by)).toBeNull();
  });

  it('is no other key', () => {
    expect(sendKeyOf(press({ key: 'a' }), 'enter')).toBeNull();
    expect(sendKeyOf(press({ altKey: true }), 'enter')).toBeNull();
  });
});
