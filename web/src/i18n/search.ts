import { search as en } from './en/search';
import { search as zh } from './zh-CN/search';

export const texts = { en, 'zh-CN': zh };
