import { useComputed } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from '../../ui/icons';
import { Popover } from '../../ui/popover';
import { seconds } from '../../ui/ticking';
import { useConsole, useDesk } from '../context';
import type { Desk } from '../desk';
import { Logo } from '../gate/gate';
import { levelOf, waitOf } from '../list/waits';
import { type ConsolePage, PAGES } from '../pages';
import { href, pageHref, route } from '../router';
import { AlertsMenu } from './alerts-menu';
import { ConnectionDot } from './connection-dot';
import { keysOf, titled, type ShortcutId } from './shortcuts';
import { StatusMenu } from './status-menu';

export function Rail() {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const { page, view } = route.value;
  const pages = PAGES.filter(
    (each) => each.place !== 'hidden' && each.allowed(desk.me.value),
  );
  const isQueue = page === null && view === 'waiting';
  return (
    <nav class="rail" aria-label={t('product')}>
      <div class="rail-logo">
        <Logo size={32} />
      </div>
      <Item
        icon="inbox"
        text={t('inbox')}
        shortcut="goInbox"
        href={href(view === 'waiting' ? 'mine' : view)}
        active={page === null && !isQueue}
      >
        <UnreadBadge />
      </Item>
      <Item
        icon="queue"
        text={t('queue')}
        shortcut="goQueue"
        href={href('waiting')}
        active={isQueue}
      >
        <QueueBadge />
      </Item>
      <div class="rail-pages">
        {pages.map((each) => (
          <Item
            key={each.name}
            icon={each.icon}
            text={t(each.title)}
            shortcut={shortcutOf(each)}
            href={pageHref(each.name)}
            active={page === each.name}
          />
        ))}
      </div>
      {pages.length > 0 && <MorePages pages={pages} page={page} />}
      <div class="rail-space" />
      <ConnectionDot />
      <AlertsMenu />
      <StatusMenu />
    </nav>
  );
}

/** The shortcut that opens a page, if the table has one. */
function shortcutOf({ name }: ConsolePage): ShortcutId | null {
  const ids: Partial<Record<string, ShortcutId>> = {
    search: 'search',
    customers: 'goCustomers',
    tickets: 'goTickets',
    team: 'goTeam',
    reports: 'goReports',
    knowledge: 'goKnowledge',
    settings: 'goSettings',
  };
  return ids[name] ?? null;
}

interface ItemProps {
  icon: IconName;
  text: string;
  shortcut: ShortcutId | null;
  href: string;
  active: boolean;
  children?: ComponentChildren;
}

function Item({ icon, text, shortcut, href, active, children }: ItemProps) {
  return (
    <a
      class={`rail-item ${active ? 'is-active' : ''}`}
      href={href}
      title={shortcut && keysOf(shortcut) ? titled(text, shortcut) : text}
      aria-current={active ? 'page' : undefined}
    >
      <Icon name={icon} size={22} label={text} />
      {children}
    </a>
  );
}

function UnreadBadge() {
  const desk = useDesk();
  const { count } = useConsole().i18n;
  const unread = desk.unreadCount.value;
  return unread === 0 ? null : <Badge count={unread} text={count('unread', unread)} tone="danger" />;
}

/** How many wait; red once somebody has waited for longer than promised. */
function QueueBadge() {
  const desk = useDesk();
  const { count } = useConsole().i18n;
  const waiting = useComputed(() => desk.known.lists.waiting.value.length).value;
  const late = useComputed(() => isLate(desk, seconds.value)).value;
  if (waiting === 0) return null;
  return (
    <Badge
      count={waiting}
      text={count('emptyMineWaiting', waiting)}
      tone={late ? 'danger' : 'calm'}
    />
  );
}

function isLate(desk: Desk, now: number): boolean {
  return desk.known.lists.waiting.value.some((id) => {
    const conversation = desk.known.peek(id);
    const wait =
      conversation && waitOf(conversation, desk.directory.targetsOf(conversation.inbox.id));
    return wait && levelOf(wait, now) === 'danger';
  });
}

interface BadgeProps {
  count: number;
  text: string;
  tone: 'calm' | 'danger';
}

function Badge({ count, text, tone }: BadgeProps) {
  return (
    <span class={`badge is-${tone}`} title={text}>
      <span aria-hidden="true">{count > 99 ? '99+' : count}</span>
      <span class="visually-hidden">{text}</span>
    </span>
  );
}

/** On a phone the pages are behind one button. */
function MorePages({ pages, page }: { pages: readonly ConsolePage[]; page: string | null }) {
  const { t } = useConsole().i18n;
  const active = pages.some(({ name }) => name === page);
  return (
    <div class="rail-more">
      <Popover
        label={t('morePages')}
        className={`rail-item ${active ? 'is-active' : ''}`}
        up
        button={<Icon name="dots" size={22} />}
      >
        {(close) =>
          pages.map((each) => (
            <a
              key={each.name}
              class="menu-item"
              href={pageHref(each.name)}
              aria-current={page === each.name ? 'page' : undefined}
              onClick={close}
            >
              <Icon name={each.icon} size={18} />
              <span>{t(each.title)}</span>
            </a>
          ))
        }
      </Popover>
    </div>
  );
}
