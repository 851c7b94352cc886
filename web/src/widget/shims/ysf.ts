import type { CardData } from '../../protocol/types';
import { answer, boot, identify, kefu } from './kefu';

/* `ysf(…)` for pages that were written for it. */

interface Product {
  title?: string;
  desc?: string;
  note?: string;
  picture?: string;
  url?: string;
}

interface Config extends Record<string, unknown> {
  uid?: string;
  mobile?: string;
  /** JSON: a list of `{key, label, value}`. */
  data?: string;
  language?: string;
  success?: () => void;
  error?: (error: unknown) => void;
}

let card: CardData | null = null;
let unread = 0;

boot('web');
kefu('on', 'unread', (total: number) => (unread = total));
kefu('on', 'open', () => {
  if (card) kefu('sendCard', card);
  card = null;
});

answer('ysf', {
  config({ uid, mobile, data, language, success, error, ...rest }: Config) {
    try {
      const rows = JSON.parse(data ?? '[]') as { key: string; value: unknown }[];
      const attributes = Object.fromEntries(rows.map(({ key, value }) => [key, value]));
      identify(uid, { ...rest, ...(mobile && { phone: mobile }), ...attributes });
      if (language) kefu('setLanguage', language);
      success?.();
    } catch (reason) {
      error?.(reason);
    }
  },
  /** Shown to the agent as a card once the visitor opens the chat. */
  product({ title, desc, note, picture, url }: Product) {
    card = {
      title: title ?? '',
      ...(desc && { subtitle: desc }),
      ...(note && { price: note }),
      ...(picture && { image_url: picture }),
      ...(url && { url }),
    };
  },
  open: () => kefu('open'),
  close: () => kefu('close'),
  onready: (done: () => void) => kefu('on', 'ready', done),
  onunread: (done: (unread: { total: number }) => void) =>
    kefu('on', 'unread', (total: number) => done({ total })),
  getUnreadMsg: () => ({ total: unread }),
  logoff() {
    kefu('shutdown');
    kefu('boot');
  },
});
