import { useConsole } from '../context';
import type { Language } from './shapes';

/** The language of the knowledge base that goes with the console's. */
export function useLanguage(): Language {
  return useConsole().i18n.locale.value === 'zh-CN' ? 'zh' : 'en';
}
