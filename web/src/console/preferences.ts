import { type Locale, browserLocale, nearestLocale } from '../i18n';
import { setTheme, type Theme } from '../ui/theme';
import { load, save } from './stored';

const LOCALE_KEY = 'kefu-console-locale';
const THEME_KEY = 'kefu-console-theme';

export function storedLocale(): Locale {
  const stored = load(LOCALE_KEY);
  return stored ? nearestLocale(stored) : browserLocale();
}

export function storeLocale(locale: Locale): void {
  save(LOCALE_KEY, locale);
}

export function storedTheme(): Theme {
  const stored = load(THEME_KEY);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

export function storeTheme(theme: Theme): void {
  save(THEME_KEY, theme);
  setTheme(theme);
}
