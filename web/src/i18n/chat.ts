import { chat as en } from './en/chat';
import { chat as zh } from './zh-CN/chat';

/** What is opened beside a conversation: pickers, dialogs, builders. */
export const texts = { en, 'zh-CN': zh };
