import { cards as en } from './en/cards';
import { cards as zh } from './zh-CN/cards';

export const texts = { en, 'zh-CN': zh };
