import { useEffect, useMemo, useState } from 'preact/hooks';
import { useSlow } from '../../ui/hooks';
import { Icon } from '../../ui/icons';
import { useConsole, useDesk } from '../context';
import '../insight.css';
import { causeOf } from '../loaded';
import { may } from '../pages';
import { watchedId } from './address';
import { Agents } from './agents';
import { Board } from './board';
import { BoardProvider, useBoard, useTeamTexts } from './context';
import { Filters } from './filters';
import { LiveList } from './live-list';
import { Queues } from './queues';
import { Summary } from './summary';
import './team.css';
import { WatchPane } from './watch-pane';

const TABS = ['live', 'agents', 'queues'] as const;
type Tab = (typeof TABS)[number];

export default function TeamPage() {
  const desk = useDesk();
  const board = useMemo(() => new Board(desk), [desk]);
  useEffect(() => () => board.close(), [board]);
  return (
    <BoardProvider value={board}>
      <Team />
    </BoardProvider>
  );
}

function Team() {
  const { t } = useTeamTexts();
  const id = watchedId();
  const [tab, setTab] = useState<Tab>('live');
  return (
    <div class="team" data-open={id !== null} data-tab={tab}>
      <header class="team-head">
        <div class="page-head">
          <h1>{t('title')}</h1>
          <Summary />
        </div>
        <div class="team-tabs" role="group" aria-label={t('parts')}>
          {TABS.map((each) => (
            <button
              key={each}
              type="button"
              class="chip"
              aria-pressed={tab === each}
              onClick={() => setTab(each)}
            >
              {t(`tab_${each}`)}
            </button>
          ))}
        </div>
        <Filters />
      </header>
      <div class="team-body">
        <div class="team-side">
          <Queues />
          <Agents />
        </div>
        <LivePart />
        {id !== null && <WatchPane key={id} id={id} />}
      </div>
    </div>
  );
}

function LivePart() {
  const board = useBoard();
  const { i18n } = useConsole();
  const { t } = useTeamTexts();
  const seesAll = may(useDesk().me.value, 'conversations.all');
  const status = board.status.value;
  const slow = useSlow(status === 'loading', 150);
  return (
    <section class="team-live" aria-labelledby="team-live">
      <h2 id="team-live">{t('tab_live')}</h2>
      {status === 'ready' && <LiveList />}
      {status === 'ready' && board.isPart.value && <p class="hint team-part">{t('part')}</p>}
      {status === 'ready' && !seesAll && <p class="hint team-part">{t('ownTeams')}</p>}
      {status === 'loading' && (
        <div class="team-skeleton" role="status" aria-label={i18n.t('loading')}>
          {slow && Array.from({ length: 6 }, (_, index) => <i key={index} />)}
        </div>
      )}
      {status === 'denied' && (
        <div class="pane-state" role="alert">
          <Icon name="lock" size={28} />
          <p>{i18n.t('errorForbidden')}</p>
        </div>
      )}
      {status === 'error' && (
        <div class="pane-state" role="alert">
          <Icon name="alert" size={28} />
          <p>{causeOf(board.error.value, i18n)}</p>
          <button type="button" class="button" onClick={() => board.retry()}>
            {i18n.t('retry')}
          </button>
        </div>
      )}
    </section>
  );
}
