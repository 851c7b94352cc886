import { more as en } from './en/more';
import { more as zh } from './zh-CN/more';

/** What widget and console share, and do not need for messages of text. */
export const texts = { en, 'zh-CN': zh };
