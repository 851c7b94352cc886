import { settings as en } from './en/settings';
import { settings as zh } from './zh-CN/settings';

export const texts = { en, 'zh-CN': zh };
