import { demo as en } from './en/demo';
import { demo as zh } from './zh-CN/demo';

export const texts = { en, 'zh-CN': zh };
