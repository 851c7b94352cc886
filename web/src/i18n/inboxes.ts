import { inboxes as en } from './en/inboxes';
import { inboxes as zh } from './zh-CN/inboxes';

export const texts = { en, 'zh-CN': zh };
