import { audit as en } from './en/audit';
import { audit as zh } from './zh-CN/audit';

export const texts = { en, 'zh-CN': zh };
