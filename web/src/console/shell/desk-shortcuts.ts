import { useLayoutEffect } from 'preact/hooks';
import { useDesk } from '../context';
import { VIEWS, viewsOf } from '../list/views';
import { PAGES } from '../pages';
import { go, pageHref, route } from '../router';
import {
  acceptOrTakeOldest,
  assignToMe,
  focusList,
  openNeighbour,
  openNextUnread,
  resolve,
  resolveAndNext,
  togglePending,
} from './commands';
import { listenForShortcuts, onShortcut, SHORTCUTS, type ShortcutId } from './shortcuts';

const VIEW_SHORTCUTS: readonly ShortcutId[] = [
  'viewMine',
  'viewWaiting',
  'viewBot',
  'viewAll',
  'viewEnded',
];

/** What works wherever the agent is; panes that have their own listen beside this. */
export function useDeskShortcuts(closeDetails: () => void): void {
  const desk = useDesk();
  // As early as those of the panes, which are asked first because they come later.
  useLayoutEffect(() => {
    const ends = [
      listenForShortcuts(),
      ...VIEW_SHORTCUTS.map((id, at) =>
        onShortcut(id, () => {
          const view = VIEWS[at]!;
          const has = viewsOf(desk.me.peek()).includes(view);
          if (has) go(view, route.peek().conversation);
          return found(has);
        }),
      ),
      onShortcut('escape', () => {
        closeDetails();
        focusList();
      }),
      onShortcut('accept', () => found(acceptOrTakeOldest(desk))),
      onShortcut('resolve', () => found(resolve(desk))),
      onShortcut('resolveNext', () => void resolveAndNext(desk)),
      onShortcut('pending', () => found(togglePending(desk))),
      onShortcut('assignToMe', () => found(assignToMe(desk))),
      onShortcut('nextChat', () => found(openNeighbour(desk, 1))),
      onShortcut('previousChat', () => found(openNeighbour(desk, -1))),
      onShortcut('nextUnread', () => found(openNextUnread(desk))),
      onShortcut('goInbox', () => go('mine')),
      onShortcut('goQueue', () => go('waiting')),
      ...SHORTCUTS.filter(({ group }) => group === 'go').map(({ id }) =>
        onShortcut(id, () => {
          const page = pageOf(id);
          const allowed = page?.allowed(desk.me.peek()) ?? false;
          if (page && allowed) location.hash = pageHref(page.name);
          return found(allowed);
        }),
      ),
    ];
    return () => ends.forEach((end) => end());
  }, [desk]);
}

/** The page that a shortcut of the group `go` opens; none for the desk itself. */
export function pageOf(id: ShortcutId) {
  return PAGES.find(({ name }) => `go${name}`.toLowerCase() === id.toLowerCase());
}

function found(something: boolean): void | false {
  return something ? undefined : false;
}
