import { LOCALE_NAMES, LOCALES } from '../../i18n';
import type { IconName } from '../../ui/icons';
import type { Theme } from '../../ui/theme';
import { type ConsoleI18n, visitorName } from '../context';
import type { Desk } from '../desk';
import { isMine, viewsOf } from '../list/views';
import { PAGES } from '../pages';
import { storeTheme } from '../preferences';
import { go, pageHref, route } from '../router';
import {
  acceptOrTakeOldest,
  assignToMe,
  changeable,
  openNextUnread,
  resolve,
  resolveAndNext,
  togglePending,
} from './commands';
import { overlay } from './overlays';
import type { ShortcutId } from './shortcuts';
import { STATUS_TEXTS, STATUSES } from './status-menu';

export type CommandGroup =
  | 'actions'
  | 'conversations'
  | 'views'
  | 'pages'
  | 'status'
  | 'language'
  | 'theme'
  | 'more';

export interface Command {
  id: string;
  group: CommandGroup;
  icon: IconName;
  text: string;
  /** What else is known of it, in small letters. */
  hint?: string;
  shortcut?: ShortcutId;
  run(): void;
}

type NameOf = (id: ShortcutId) => string;

const THEMES = [
  ['system', 'themeSystem'],
  ['light', 'themeLight'],
  ['dark', 'themeDark'],
] as const satisfies readonly (readonly [Theme, string])[];

/** Everything that can be done from here. */
export function commandsOf(desk: Desk, i18n: ConsoleI18n, nameOf: NameOf): Command[] {
  return [
    ...actions(desk, nameOf),
    ...conversations(desk, i18n),
    ...views(desk, nameOf),
    ...pages(desk, i18n),
    ...choices(desk, i18n),
    ...more(desk, nameOf),
  ];
}

function command(
  group: CommandGroup,
  shortcut: ShortcutId,
  icon: IconName,
  nameOf: NameOf,
  run: () => void,
): Command {
  return { id: shortcut, group, icon, text: nameOf(shortcut), shortcut, run };
}

function actions(desk: Desk, nameOf: NameOf): Command[] {
  const open = desk.chat.peek()?.conversation;
  const found: Command[] = [];
  const add = (id: ShortcutId, icon: IconName, run: () => void) =>
    found.push(command('actions', id, icon, nameOf, run));
  if (open?.state === 'queued') add('accept', 'check', () => acceptOrTakeOldest(desk));
  const mayChange = changeable(desk);
  if (mayChange && (mayChange.state === 'open' || mayChange.state === 'pending')) {
    add('resolve', 'check', () => resolve(desk));
    add('resolveNext', 'checks', () => void resolveAndNext(desk));
    add('pending', 'pause', () => togglePending(desk));
    if (!isMine(mayChange, desk.me.peek())) add('assignToMe', 'user', () => assignToMe(desk));
  }
  return found;
}

function conversations(desk: Desk, i18n: ConsoleI18n): Command[] {
  const { view } = route.peek();
  return [...desk.known.values()].map((conversation) => ({
    id: conversation.id,
    group: 'conversations',
    icon: 'user',
    text: visitorName(conversation.visitor, i18n),
    hint: conversation.last_message?.text ?? '',
    run: () => go(view, conversation.id),
  }));
}

function views(desk: Desk, nameOf: NameOf): Command[] {
  const shortcuts = {
    mine: 'viewMine',
    waiting: 'viewWaiting',
    bot: 'viewBot',
    all: 'viewAll',
    ended: 'viewEnded',
  } as const;
  return viewsOf(desk.me.peek()).map((view) =>
    command('views', shortcuts[view], 'inbox', nameOf, () =>
      go(view, route.peek().conversation),
    ),
  );
}

function pages(desk: Desk, { t }: ConsoleI18n): Command[] {
  return PAGES.filter((page) => page.allowed(desk.me.peek())).map(({ name, icon, title }) => ({
    id: `page-${name}`,
    group: 'pages',
    icon,
    text: t(title),
    run: () => void (location.hash = pageHref(name)),
  }));
}

function choices(desk: Desk, i18n: ConsoleI18n): Command[] {
  const { t } = i18n;
  return [
    ...STATUSES.map((status) => ({
      id: `status-${status}`,
      group: 'status' as const,
      icon: 'user' as const,
      text: t(STATUS_TEXTS[status][0]),
      hint: t(STATUS_TEXTS[status][1]),
      run: () => void desk.setStatus(status),
    })),
    ...LOCALES.map((locale) => ({
      id: `language-${locale}`,
      group: 'language' as const,
      icon: 'globe' as const,
      text: LOCALE_NAMES[locale],
      run: () => void (i18n.locale.value = locale),
    })),
    ...THEMES.map(([theme, text]) => ({
      id: `theme-${theme}`,
      group: 'theme' as const,
      icon: 'moon' as const,
      text: t(text),
      run: () => storeTheme(theme),
    })),
  ];
}

function more(desk: Desk, nameOf: NameOf): Command[] {
  const found = [
    command('more', 'nextUnread', 'inbox', nameOf, () => openNextUnread(desk)),
    command('more', 'sheet', 'keyboard', nameOf, () => (overlay.value = 'shortcuts')),
  ];
  const waits = desk.known.lists.waiting.peek().length > 0;
  if (waits && desk.chat.peek()?.conversation?.state !== 'queued') {
    found.unshift(command('more', 'accept', 'clock', nameOf, () => acceptOrTakeOldest(desk)));
  }
  return found;
}
