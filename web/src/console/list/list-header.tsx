import type { View } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { Popover } from '../../ui/popover';
import { useConsole, useDesk } from '../context';
import { Stored } from '../stored';
import { SORTS } from './views';

export const density = new Stored<{ compact: boolean }>('kefu-console-density', { compact: false });

const SORT_TEXTS = {
  latest: 'sortLatest',
  unanswered: 'sortUnanswered',
  arrival: 'sortArrival',
} as const;

export function ListHeader({ view }: { view: View }) {
  const { t } = useConsole().i18n;
  const { compact } = density.value;
  return (
    <header class="list-header">
      <h1>{t('inbox')}</h1>
      <InboxFilter />
      {view !== 'waiting' && view !== 'ended' && <SortMenu view={view} />}
      <button
        type="button"
        class="icon-button"
        aria-label={t('densityCompact')}
        title={t('densityCompact')}
        aria-pressed={compact}
        onClick={() => density.set({ compact: !compact })}
      >
        <Icon name={compact ? 'rowsDense' : 'rows'} size={18} />
      </button>
    </header>
  );
}

function InboxFilter() {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const { inbox } = desk.known.arrangement.value;
  const inboxes = [...desk.directory.inboxes.value.values()];
  if (inboxes.length < 2 && inbox === null) return null;
  const chosen = inbox === null ? t('filterAll') : desk.directory.inboxes.value.get(inbox)?.name;
  const choose = (id: string | null) => {
    desk.known.arrange({ inbox: id });
    void desk.list.restart();
  };
  return (
    <Popover
      label={`${t('filterInbox')}: ${chosen ?? ''}`}
      className={`icon-button ${inbox === null ? '' : 'is-on'}`}
      align="end"
      button={<Icon name="filter" size={18} />}
    >
      {(close) => (
        <div role="group" aria-label={t('filterInbox')}>
          <p class="menu-title">{t('filterInbox')}</p>
          {[{ id: null, name: t('filterAll') }, ...inboxes].map(({ id, name }) => (
            <button
              key={id}
              type="button"
              class="menu-item"
              aria-pressed={inbox === id}
              onClick={() => {
                choose(id);
                close();
              }}
            >
              {name}
              {inbox === id && <Icon name="check" size={16} />}
            </button>
          ))}
        </div>
      )}
    </Popover>
  );
}

function SortMenu({ view }: { view: View }) {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const { sort } = desk.known.arrangement.value;
  return (
    <Popover
      label={`${t('sort')}: ${t(SORT_TEXTS[sort])}`}
      className={`icon-button ${sort === 'latest' ? '' : 'is-on'}`}
      align="end"
      button={<Icon name="sort" size={18} />}
    >
      {(close) => (
        <div role="group" aria-label={t('sort')}>
          <p class="menu-title">{t('sort')}</p>
          {SORTS.map((each) => (
            <button
              key={each}
              type="button"
              class="menu-item"
              aria-pressed={sort === each}
              onClick={() => {
                desk.known.arrange({ sort: each });
                if (each !== 'latest') void desk.list.all(view);
                close();
              }}
            >
              {t(SORT_TEXTS[each])}
              {sort === each && <Icon name="check" size={16} />}
            </button>
          ))}
        </div>
      )}
    </Popover>
  );
}
