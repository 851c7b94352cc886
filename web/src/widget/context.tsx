import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { createI18n, type Locale } from '../i18n';
import { texts } from '../i18n/widget';
import type { Widget } from './model';

export function widgetI18n(locale: Locale) {
  return createI18n(texts, locale);
}

export interface WidgetContext {
  widget: Widget;
  i18n: ReturnType<typeof widgetI18n>;
}

const Context = createContext<WidgetContext | null>(null);
export const WidgetProvider = Context.Provider;

export function useWidget(): WidgetContext {
  const context = useContext(Context);
  if (!context) throw new Error('WidgetProvider is missing');
  return context;
}
