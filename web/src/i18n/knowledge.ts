import { knowledge as en } from './en/knowledge';
import { knowledge as zh } from './zh-CN/knowledge';

export const texts = { en, 'zh-CN': zh };
