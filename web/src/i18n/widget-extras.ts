import { extras as en } from './en/widget-extras';
import { extras as zh } from './zh-CN/widget-extras';

export const texts = { en, 'zh-CN': zh };
