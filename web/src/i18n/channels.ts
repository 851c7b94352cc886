import { channels as en } from './en/channels';
import { channels as zh } from './zh-CN/channels';

export const texts = { en, 'zh-CN': zh };
