import { profile as en } from './en/profile';
import { profile as zh } from './zh-CN/profile';

export const texts = { en, 'zh-CN': zh };
