import { Stored } from '../stored';

/** Which key sends; the other one breaks the line. */
export const sendChoice = new Stored<{ by: 'enter' | 'mod-enter' }>('kefu-console-send', {
  by: 'enter',
});

export type SendKey = 'send' | 'next' | 'line';

type Press = Pick<
  KeyboardEvent,
  'key' | 'keyCode' | 'isComposing' | 'shiftKey' | 'altKey' | 'ctrlKey' | 'metaKey'
>;

/** What an Enter means in the field; null for other keys and for one that ends a word of an input method. */
export function sendKeyOf(press: Press, by: 'enter' | 'mod-enter'): SendKey | null {
  if (press.key !== 'Enter' || press.isComposing || press.keyCode === 229 || press.altKey) {
    return null;
  }
  const mod = press.ctrlKey || press.metaKey;
  if (mod) return press.shiftKey ? 'next' : 'send';
  return press.shiftKey || by === 'mod-enter' ? 'line' : 'send';
}
