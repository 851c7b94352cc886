import { palette as en } from './en/palette';
import { palette as zh } from './zh-CN/palette';

export const texts = { en, 'zh-CN': zh };
