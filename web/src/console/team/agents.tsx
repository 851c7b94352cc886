import { useMemo, useState } from 'preact/hooks';
import type { AgentStatus } from '../../protocol/types';
import { Avatar } from '../../ui/avatar';
import { Icon, type IconName } from '../../ui/icons';
import { lasting, number } from '../../ui/numbers';
import { Popover } from '../../ui/popover';
import { seconds } from '../../ui/ticking';
import { clock } from '../../ui/time';
import { useConsole, useDesk } from '../context';
import { HeldOrder } from '../list/held-order';
import { seesAll } from '../list/views';
import { may } from '../pages';
import { reasonText } from '../status-reasons';
import { currentFilter, filterBy } from './address';
import type { TeamAgent } from './board';
import { CapacityForm } from './capacity-form';
import { useBoard, useTeamTexts } from './context';
import { StatusForm } from './status-form';

const RANK = { online: 0, busy: 1, away: 2, offline: 3 } as const;
const STATUS_TEXTS = {
  online: 'statusOnline',
  busy: 'statusBusy',
  away: 'statusAway',
  offline: 'statusOffline',
} as const;
const STATUS_ICONS: Record<AgentStatus, IconName> = {
  online: 'check',
  busy: 'pause',
  away: 'clock',
  offline: 'close',
};

export function Agents() {
  const board = useBoard();
  const { i18n } = useConsole();
  const { t } = useTeamTexts();
  const { team } = currentFilter();
  const order = useMemo(() => new HeldOrder(), []);
  const [, redraw] = useState(0);
  const agents = board.agents.value;
  const byId = new Map(agents?.map((each) => [each.agent.id, each]));
  const ids = [...byId.values()]
    .filter(({ agent }) => team === '' || agent.teams.includes(team))
    .sort(
      ({ agent: a }, { agent: b }) =>
        RANK[a.status] - RANK[b.status] || a.name.localeCompare(b.name),
    )
    .map(({ agent }) => agent.id);
  const release = () => {
    order.release();
    redraw((count) => count + 1);
  };
  return (
    <section class="team-agents" aria-labelledby="team-agents">
      <h2 id="team-agents">{t('tab_agents')}</h2>
      {agents && ids.length === 0 && <p class="team-empty">{t('noAgents')}</p>}
      {!agents && board.stale.value && (
        <p class="team-empty">
          {t('agentsFailed')}{' '}
          <button type="button" class="link-button" onClick={() => void board.refresh()}>
            {i18n.t('retry')}
          </button>
        </p>
      )}
      <ul
        class="agent-grid"
        onPointerEnter={() => order.hold(ids)}
        onPointerLeave={release}
      >
        {order.of(ids).ids.map((id) => {
          const one = byId.get(id);
          return one && <AgentCard key={id} one={one} />;
        })}
      </ul>
    </section>
  );
}

function AgentCard({ one }: { one: TeamAgent }) {
  const { i18n } = useConsole();
  const { t, locale } = useTeamTexts();
  const me = useDesk().me.value;
  const mayChange = may(me, 'agents');
  const maySay = seesAll(me);
  const { agent, ratings } = one;
  const { id, name, status, status_reason: reason, status_since: since, load, capacity } = agent;
  const chosen = currentFilter().agent === id;
  const share = capacity > 0 ? Math.min(load / capacity, 1) : 0;
  return (
    <li class={`agent-card is-${status} ${mayChange || maySay ? 'has-menu' : ''}`}>
      <button
        type="button"
        class="agent-main"
        aria-pressed={chosen}
        title={t('showTheirs', { name })}
        onClick={() => filterBy({ agent: chosen ? '' : id })}
      >
        <Avatar name={name} seed={id} size={36} />
        <span class="agent-body">
          <span class="agent-line">
            <span class="agent-name">{name}</span>
            <span class="agent-load">
              <span class="visually-hidden">{t('load')} </span>
              {load}/{capacity}
            </span>
          </span>
          <span class="agent-line">
            <span class="agent-status">
              <span class={`status-mark is-${status}`}>
                <Icon name={STATUS_ICONS[status]} size={12} />
              </span>
              {i18n.t(STATUS_TEXTS[status])}
              {reason !== undefined && <span class="hint"> {reasonText(reason, i18n)}</span>}
              {since !== undefined && (
                <span class="hint"> {t('since', { time: clock(since) })}</span>
              )}
            </span>
            <span class="agent-facts">
              <OldestWait since={one.oldest} />
              {ratings !== null && ratings.count > 0 && (
                <span title={t('ratedToday')}>
                  <Icon name="star" size={12} filled label={t('ratedToday')} />
                  {number(ratings.mean, locale.value, 1)}
                  <span class="hint"> ({number(ratings.count, locale.value)})</span>
                </span>
              )}
            </span>
          </span>
          <span class="capacity-bar" aria-hidden="true">
            <i class={share >= 1 ? 'is-full' : ''} style={{ width: `${share * 100}%` }} />
          </span>
        </span>
      </button>
      {(mayChange || maySay) && (
        <Popover
          label={t('changeAgent', { name })}
          className="icon-button agent-more"
          align="end"
          button={<Icon name="dots" size={18} />}
        >
          {(close) => (
            <>
              {maySay && <StatusForm agent={agent} close={close} />}
              {mayChange && <CapacityForm agent={agent} close={close} />}
            </>
          )}
        </Popover>
      )}
    </li>
  );
}

function OldestWait({ since }: { since: number | null }) {
  const { t, locale } = useTeamTexts();
  if (since === null) return null;
  return (
    <span title={t('oldestIs')}>
      <Icon name="clock" size={12} label={t('oldestIs')} />
      {lasting((seconds.value - since) / 1000, locale.value)}
    </span>
  );
}
