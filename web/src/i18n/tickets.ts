import { tickets as en } from './en/tickets';
import { tickets as zh } from './zh-CN/tickets';

export const texts = { en, 'zh-CN': zh };
