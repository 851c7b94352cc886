import { customers as en } from './en/customers';
import { customers as zh } from './zh-CN/customers';

export const texts = { en, 'zh-CN': zh };
