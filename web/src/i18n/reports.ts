import { reports as en } from './en/reports';
import { reports as zh } from './zh-CN/reports';

export const texts = { en, 'zh-CN': zh };
