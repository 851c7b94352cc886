import { events as en } from './en/events';
import { events as zh } from './zh-CN/events';

export const texts = { en, 'zh-CN': zh };
