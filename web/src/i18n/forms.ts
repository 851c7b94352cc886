import { forms as en } from './en/forms';
import { forms as zh } from './zh-CN/forms';

export const texts = { en, 'zh-CN': zh };
