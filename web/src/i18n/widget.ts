import { widget as en } from './en/widget';
import { shared as sharedEn } from './en/shared';
import { widget as zh } from './zh-CN/widget';
import { shared as sharedZh } from './zh-CN/shared';

export const texts = { en: { ...sharedEn, ...en }, 'zh-CN': { ...sharedZh, ...zh } };
