import { useMemo } from 'preact/hooks';
import { createI18n, type I18n } from '../i18n';
import { texts } from '../i18n/more';
import { useTexts } from './context';

export type MoreI18n = I18n<keyof typeof texts.en>;

/** The texts of what comes later, in the language of the page. */
export function useMoreTexts(): MoreI18n {
  const { locale } = useTexts();
  return useMemo(() => createI18n(texts, locale), [locale]);
}
