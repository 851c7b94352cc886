import { bulk as en } from './en/bulk';
import { bulk as zh } from './zh-CN/bulk';

/** What is done with conversations from the list: with many at once, or until a time. */
export const texts = { en, 'zh-CN': zh };
