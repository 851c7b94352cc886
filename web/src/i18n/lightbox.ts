import { lightbox as en } from './en/lightbox';
import { lightbox as zh } from './zh-CN/lightbox';

export const texts = { en, 'zh-CN': zh };
