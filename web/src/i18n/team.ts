import { team as en } from './en/team';
import { team as zh } from './zh-CN/team';

export const texts = { en, 'zh-CN': zh };
