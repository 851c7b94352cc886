import { useMemo } from 'preact/hooks';
import { createI18n } from '../../i18n';
import { texts } from '../../i18n/widget-extras';
import { useWidget } from '../context';

/** The texts of these screens, in the language of the chat. */
export function useExtraTexts() {
  const { locale } = useWidget().i18n;
  return useMemo(() => createI18n(texts, locale), [locale]);
}
