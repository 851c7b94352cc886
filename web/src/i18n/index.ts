import { signal, type Signal } from '@preact/signals';
import { type Locale, nearestLocale } from './nearest';

export { type Locale, nearestLocale };
export const LOCALES: readonly Locale[] = ['zh-CN', 'en'];
export const LOCALE_NAMES: Record<Locale, string> = { 'zh-CN': '简体中文', en: 'English' };

export type Params = Record<string, string | number>;
/** Every language has the same keys; a missing one does not compile. */
export type Catalogue<K extends string> = Record<Locale, Record<K, string>>;
/** Keys that come as `x_one` and `x_other`. */
type CountKey<K> = K extends `${infer Base}_one` ? Base : never;

export interface I18n<K extends string> {
  readonly locale: Signal<Locale>;
  t(key: K, params?: Params): string;
  /** The form for `count`, which is also the parameter `n`. */
  count(key: CountKey<K>, count: number, params?: Params): string;
}

/** With the locale of another one, both change together. */
export function createI18n<K extends string>(
  catalogue: Catalogue<K>,
  initial: Locale | Signal<Locale>,
): I18n<K> {
  const locale = typeof initial === 'string' ? signal<Locale>(initial) : initial;
  const t = (key: K, params: Params = {}) => fill(catalogue[locale.value][key], params);
  return {
    locale,
    t,
    count(key, count, params = {}) {
      const one = locale.value === 'en' && count === 1;
      return t(`${key}_${one ? 'one' : 'other'}` as K, { n: count, ...params });
    },
  };
}

function fill(text: string, params: Params): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in params ? String(params[name]) : whole,
  );
}

/** The language of the browser. */
export function browserLocale(): Locale {
  return nearestLocale(...(navigator.languages ?? []), navigator.language);
}
