import type { WidgetConfig } from '../protocol/types';
import type { WidgetContext } from './context';

/** When the inbox opens again, in the visitor's own time. */
export function opening(at: string, locale: string): string {
  const options = { weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  return new Intl.DateTimeFormat(locale, options).format(new Date(at));
}

/** One line that says whether somebody would answer. */
export function availability(config: WidgetConfig, { t, locale }: WidgetContext['i18n']): string {
  if (config.open && config.agents_online) return t('online');
  if (config.open || !config.opens_at) return t('away');
  return t('backAt', { time: opening(config.opens_at, locale.value) });
}
