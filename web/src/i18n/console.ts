import { console as en } from './en/console';
import { shared as sharedEn } from './en/shared';
import { console as zh } from './zh-CN/console';
import { shared as sharedZh } from './zh-CN/shared';

export const texts = { en: { ...sharedEn, ...en }, 'zh-CN': { ...sharedZh, ...zh } };
export type ConsoleKey = keyof typeof texts.en;
