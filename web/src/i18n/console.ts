import { console as en } from './en/console';
import { more as moreEn } from './en/more';
import { shared as sharedEn } from './en/shared';
import { console as zh } from './zh-CN/console';
import { more as moreZh } from './zh-CN/more';
import { shared as sharedZh } from './zh-CN/shared';

export const texts = {
  en: { ...sharedEn, ...moreEn, ...en },
  'zh-CN': { ...sharedZh, ...moreZh, ...zh },
};
export type ConsoleKey = keyof typeof texts.en;
