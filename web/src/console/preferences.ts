import { type Locale, browserLocale, nearestLocale } from '../i18n';
import { setTheme, type Theme } from '../ui/theme';

const LOCALE_KEY = 'kefu-console-locale';
const THEME_KEY = 'kefu-console-theme';

function load(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function save(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

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
