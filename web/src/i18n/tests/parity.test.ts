import { describe, expect, it } from 'vitest';
import { createI18n, nearestLocale } from '..';
import type { Locale } from '..';
import { texts as consoleTexts } from '../console';

type Texts = Record<Locale, Record<string, string>>;
/** Every file beside `index.ts` that has `texts`. */
const modules = import.meta.glob<{ texts?: Texts }>('../*.ts', { eager: true });
const catalogues = Object.entries(modules).flatMap(([path, { texts }]) =>
  texts ? [[path, texts] as const] : [],
);
const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

describe.each(catalogues)('%s', (_, { en, 'zh-CN': chinese }) => {
  it('has the same keys in both languages', () => {
    expect(Object.keys(chinese).sort()).toEqual(Object.keys(en).sort());
  });

  it('has the same parameters in both languages, and no empty text', () => {
    for (const [key, text] of Object.entries(en)) {
      const other = chinese[key] ?? '';
      expect(text.trim(), key).not.toBe('');
      expect(other.trim(), key).not.toBe('');
      expect(names(other), key).toEqual(names(text));
    }
  });

  it('has both forms of everything that is counted', () => {
    const forms = (form: string) =>
      Object.keys(en)
        .filter((key) => key.endsWith(form))
        .map((key) => key.slice(0, -form.length));
    expect(forms('_one')).toEqual(forms('_other'));
  });
});

it('fills parameters in and picks the form by number', () => {
  const i18n = createI18n(consoleTexts, 'en');
  expect(i18n.t('newConversation', { name: '<b>{n}</b>' })).toBe('New conversation: <b>{n}</b>');
  expect(i18n.count('unread', 1)).toBe('1 unread message');
  expect(i18n.count('unread', 2)).toBe('2 unread messages');
  i18n.locale.value = 'zh-CN';
  expect(i18n.count('unread', 1)).toBe('1 条未读消息');
});

it('takes the nearest language', () => {
  expect(nearestLocale('zh-TW')).toBe('zh-CN');
  expect(nearestLocale('fr', 'en-GB', 'zh')).toBe('en');
  expect(nearestLocale(null, undefined, 'de')).toBe('en');
});
