import type { Catalogue } from '.';
import type { ShortcutId } from '../console/shell/shortcuts';
import { shortcuts as en } from './en/shortcuts';
import { shortcuts as zh } from './zh-CN/shortcuts';

/** Every shortcut has a text. */
export const texts: Catalogue<ShortcutId> = { en, 'zh-CN': zh };
