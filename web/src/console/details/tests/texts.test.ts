import { expect, it } from 'vitest';
import { consoleI18n } from '../../context';
import { wordsOf } from '../lines';
import { localTime, oneOf } from '../local-time';
import { isMasked } from '../masked';

it('knows what is masked', () => {
  expect(isMasked('王芳', '138****8000')).toBe(true);
  expect(isMasked('b***@example.com')).toBe(true);
  expect(isMasked('', '13800138000', '5 * 3')).toBe(false);
});

it('takes the first attribute that says something', () => {
  const attributes = { tz: 'Asia/Shanghai', timezone: ' ', time_zone: 8 };
  expect(oneOf(attributes, ['timezone', 'time_zone', 'tz'])).toBe('Asia/Shanghai');
  expect(oneOf(attributes, ['language'])).toBe(null);
});

it('tells the time elsewhere, and nothing of a place that is none', () => {
  const noon = Date.parse('2026-01-01T12:00:00Z');
  expect(localTime('Asia/Shanghai', 'en', noon)).toContain('20:00');
  expect(localTime('Shop/Nowhere', 'en', noon)).toBe(null);
});

it('says in words what is no text', () => {
  const i18n = consoleI18n('en');
  expect(wordsOf({ kind: 'text', text: 'hello' }, i18n)).toBe('hello');
  expect(wordsOf({ kind: 'image', text: '' }, i18n)).toBe('[Image]');
  expect(wordsOf({ kind: 'file', text: '', data: { name: 'bill.pdf' } }, i18n)).toBe(
    '[File] bill.pdf',
  );
  expect(wordsOf({ kind: 'text', text: '', revision: 'recalled' }, i18n)).toBe('[Recalled]');
});
