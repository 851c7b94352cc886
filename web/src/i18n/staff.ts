import { staff as en } from './en/staff';
import { staff as zh } from './zh-CN/staff';

export const texts = { en, 'zh-CN': zh };
