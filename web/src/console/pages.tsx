import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ConsoleKey } from '../i18n/console';
import type { Agent } from '../protocol/types';
import { useSlow } from '../ui/hooks';
import { Icon, type IconName } from '../ui/icons';
import { useConsole, useDesk } from './context';

/** A page of its own beside the desk, loaded when it is first opened. */
export interface ConsolePage {
  /** First part of its address. */
  name: string;
  icon: IconName;
  title: ConsoleKey;
  /** `hidden` is opened from somewhere else than the rail. */
  place?: 'rail' | 'hidden';
  allowed(me: Agent): boolean;
  load(): Promise<{ default: ComponentType }>;
}

/** In the order of the rail. */
export const PAGES: readonly ConsolePage[] = [
  {
    name: 'customers',
    icon: 'people',
    title: 'customers',
    allowed: (me) => may(me, 'customers'),
    load: () => import('./customers'),
  },
  {
    name: 'tickets',
    icon: 'ticket',
    title: 'cardTickets',
    allowed: (me) => may(me, 'tickets'),
    load: () => import('./tickets'),
  },
  {
    name: 'knowledge',
    icon: 'book',
    title: 'pageKnowledge',
    allowed: () => true,
    load: () => import('./knowledge'),
  },
  {
    name: 'search',
    icon: 'search',
    title: 'search',
    allowed: (me) => may(me, 'chat') || may(me, 'conversations.all'),
    load: () => import('./search/search-page'),
  },
  {
    name: 'team',
    icon: 'headset',
    title: 'pageTeam',
    allowed: (me) => may(me, 'conversations.all') || may(me, 'reports'),
    load: () => import('./team/page'),
  },
  {
    name: 'reports',
    icon: 'chart',
    title: 'pageReports',
    allowed: (me) => may(me, 'reports'),
    load: () => import('./reports/page'),
  },
  {
    name: 'audit',
    icon: 'ledger',
    title: 'pageAudit',
    allowed: (me) => may(me, 'audit'),
    load: () => import('./audit/page'),
  },
  {
    name: 'settings',
    icon: 'sliders',
    title: 'pageSettings',
    allowed: () => true,
    load: () => import('./settings'),
  },
  {
    name: 'profile',
    icon: 'key',
    title: 'profile',
    place: 'hidden',
    allowed: () => true,
    load: () => import('./profile/profile-page'),
  },
];

/** Whether an agent has a permission of `GET /permissions`. */
export function may(me: Agent, permission: string): boolean {
  return me.permissions.includes(permission);
}

export function PageView({ name }: { name: string }) {
  const { t } = useConsole().i18n;
  const me = useDesk().me.value;
  const page = PAGES.find((each) => each.name === name);
  if (!page) return <PageState icon="alert" text={t('pageMissing')} />;
  if (!page.allowed(me)) return <PageState icon="lock" text={t('errorForbidden')} />;
  return <LoadedPage key={page.name} page={page} />;
}

function LoadedPage({ page }: { page: ConsolePage }) {
  const { t } = useConsole().i18n;
  const [loaded, setLoaded] = useState<{ Page: ComponentType } | 'loading' | 'error'>('loading');
  const slow = useSlow(loaded === 'loading', 150);
  const load = () => {
    setLoaded('loading');
    page.load().then(
      (module) => setLoaded({ Page: module.default }),
      () => setLoaded('error'),
    );
  };
  useEffect(load, [page]);
  if (loaded === 'loading') {
    return (
      <main class="page" aria-busy="true" aria-label={t('loading')}>
        {slow && <span class="spinner" />}
      </main>
    );
  }
  if (loaded === 'error') {
    return (
      <main class="page">
        <div class="pane-state" role="alert">
          <Icon name="alert" size={28} />
          <p>{t('pageFailed')}</p>
          <button type="button" class="button" onClick={load}>
            {t('retry')}
          </button>
        </div>
      </main>
    );
  }
  return (
    <main class="page" aria-label={t(page.title)}>
      <loaded.Page />
    </main>
  );
}

function PageState({ icon, text }: { icon: IconName; text: string }) {
  return (
    <main class="page">
      <div class="pane-state" role="alert">
        <Icon name={icon} size={28} />
        <p>{text}</p>
      </div>
    </main>
  );
}
