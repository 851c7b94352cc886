import { type Signal, useComputed } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect } from 'preact/hooks';
import type { View } from '../../protocol/types';
import { useSlow } from '../../ui/hooks';
import { Icon } from '../../ui/icons';
import { useMedia } from '../../ui/use-media';
import { useConsole, useDesk } from '../context';
import { href, route } from '../router';
import { keysOf, keyText, type ShortcutId } from '../shell/shortcuts';
import { BulkBar } from './bulk-bar';
import { Empty } from './empty';
import { FirstSteps } from './first-steps';
import { ListHeader } from './list-header';
import { MentionsLine } from './mentions-line';
import { Rows } from './rows';
import { viewsOf } from './views';

export { StateTag } from './state-tag';

export const VIEW_TITLES = {
  mine: 'viewMine',
  waiting: 'viewWaiting',
  bot: 'viewBot',
  all: 'viewAll',
  ended: 'viewEnded',
} as const satisfies Record<View, ShortcutId>;

const SMALL = '(max-width: 767px)';
/** How often lists are looked at again of which not every change is told. */
const FRESHEN_MS = 30_000;

/** `children` is its edge, by which it is made wider. */
export function ListPane({ children }: { children: ComponentChildren }) {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const { view, conversation } = route.value;
  // On a phone it is all that there is until a conversation is opened.
  const isAlone = useMedia(SMALL) && conversation === null;
  const { selection } = desk;

  // Before it is painted: what is chosen in the new view at once stays chosen.
  useLayoutEffect(() => {
    selection.value = new Set();
  }, [desk, view]);
  useEffect(() => {
    const freshen = () => {
      if (document.visibilityState === 'visible') void desk.list.freshen(view);
    };
    freshen();
    const timer = setInterval(freshen, FRESHEN_MS);
    return () => clearInterval(timer);
  }, [desk, view]);

  return (
    <section
      class="list-pane"
      aria-label={t('listPane')}
      {...(isAlone ? { role: 'main' as const } : {})}
    >
      {selection.value.size > 0 ? (
        <BulkBar view={view} />
      ) : (
        <ListHeader view={view} />
      )}
      <nav class="tabs" aria-label={t('views')}>
        {viewsOf(desk.me.value).map((each) => (
          <Tab key={each} view={each} current={view === each} conversation={conversation} />
        ))}
      </nav>
      <MentionsLine view={view} />
      <List key={view} view={view} selection={selection} />
      <FirstSteps />
      {children}
    </section>
  );
}

interface TabProps {
  view: View;
  current: boolean;
  conversation: string | null;
}

function Tab({ view, current, conversation }: TabProps) {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const count = useComputed(() => desk.counts.of(view)).value;
  return (
    <a
      class="tab"
      href={href(view, conversation)}
      aria-current={current ? 'page' : undefined}
      title={keyText(keysOf(VIEW_TITLES[view]))}
    >
      {t(VIEW_TITLES[view])}
      {count && count.n > 0 && (
        <span class={`count ${view === 'waiting' ? 'is-warn' : ''}`}>
          {count.n}
          {count.more && '+'}
        </span>
      )}
    </a>
  );
}

interface ListProps {
  view: View;
  selection: Signal<ReadonlySet<string>>;
}

function List({ view, selection }: ListProps) {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const page = desk.list.pages.value[view];
  const isEmpty = useComputed(() => desk.known.lists[view].value.length === 0).value;
  const slow = useSlow(page.status === 'loading', 150);
  if (page.status === 'error') {
    return (
      <div class="pane-state" role="alert">
        <Icon name="alert" size={28} />
        <p>{t('listFailed')}</p>
        <button type="button" class="button" onClick={() => void desk.list.retry(view)}>
          {t('retry')}
        </button>
      </div>
    );
  }
  if (page.status === 'loading') {
    return (
      <div class="skeleton-list" role="status" aria-label={t('loading')}>
        {slow && [0, 1, 2, 3].map((each) => <i key={each} />)}
      </div>
    );
  }
  return isEmpty ? <Empty view={view} /> : <Rows view={view} selection={selection} />;
}
