import type { Options } from './bridge';
import { LAUNCHER_STYLE } from './launcher-style';

/** To open, to close, what it is, and what there is a number of. */
const TEXTS = {
  en: ['Open chat', 'Close chat', 'Chat', 'unread'],
  zh: ['打开在线客服', '关闭在线客服', '在线客服', '条未读'],
} as const;

type Look = readonly [
  open: boolean,
  unread: number,
  locale: string | undefined,
  colour: string | undefined,
  side: string | undefined,
  button: Options['launcher'],
];

/** The button and the panel: nodes of a closed shadow root beside the page's body. Lists, which are shorter than objects. */
export function createLauncher() {
  const host = document.createElement('div');
  const root = host.attachShadow({ mode: 'closed' });
  const panel = document.createElement('div');
  const button = document.createElement('button');
  const badge = document.createElement('span');
  button.type = 'button';
  badge.className = 'badge';
  button.append(badge);
  root.append(panel, button);
  style(root);
  let painted = '';

  /** Returns what the panel is called. */
  const paint = (...look: Look): string => {
    const [open, unread, locale, colour, side, isShown] = look;
    const [toOpen, toClose, chat, more] = TEXTS[language(locale, ...navigator.languages)];
    // What is set anew is laid out anew, and this is called for whatever may have changed.
    const asked = JSON.stringify(look);
    if (asked === painted) return chat;
    painted = asked;
    const count = unread ? `, ${unread} ${more}` : '';
    button.setAttribute('aria-label', open ? toClose : toOpen + count);
    button.setAttribute('aria-expanded', `${open}`);
    button.className = `launcher ${side}`;
    button.hidden = isShown === false || isShown === 'none';
    panel.className = `panel ${side} ${open ? '' : 'closed'}`;
    badge.hidden = !unread;
    badge.textContent = unread > 99 ? '99+' : `${unread}`;
    if (colour && /^#[\da-f]{6}$/i.test(colour)) {
      host.style.setProperty('--brand', colour);
      host.style.setProperty('--ink', isLight(colour) ? '#0c1830' : '#fff');
    }
    return chat;
  };
  return [host, root, panel, button, paint] as const;
}

/** As `nearestLocale`, in fewer bytes: the first of what is wanted that there is. */
function language(...wanted: (string | undefined)[]): keyof typeof TEXTS {
  const found = wanted.find((tag) => /^(zh|en)/i.test(`${tag}`));
  return /^zh/i.test(`${found}`) ? 'zh' : 'en';
}

/** Whether ink reads better on it than white does. */
function isLight(colour: string): boolean {
  const [r, g, b] = [1, 3, 5].map((at) => (parseInt(colour.slice(at, at + 2), 16) / 255) ** 2.2);
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b! > 0.2;
}

/** Made by script, which a page's policy allows; the element is for browsers that cannot. */
function style(root: ShadowRoot): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(LAUNCHER_STYLE);
    root.adoptedStyleSheets = [sheet];
  } catch {
    root.appendChild(document.createElement('style')).textContent = LAUNCHER_STYLE;
  }
}
