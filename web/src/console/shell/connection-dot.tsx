import type { Phase } from '../../protocol/connection';
import { Popover } from '../../ui/popover';
import { seconds } from '../../ui/ticking';
import { clock } from '../../ui/time';
import { useConsole, useDesk } from '../context';
import type { Desk } from '../desk';

const PHASES = {
  idle: ['connConnecting', 'is-away'],
  connecting: ['connConnecting', 'is-away'],
  online: ['connOnline', 'is-online'],
  waiting: ['connWaiting', 'is-busy'],
  replaced: ['connReplaced', 'is-busy'],
  stopped: ['connStopped', 'is-busy'],
} as const satisfies Record<Phase, readonly [string, string]>;

export function ConnectionDot() {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const [text, tone] = PHASES[desk.connection.value.phase];
  return (
    <Popover
      label={`${t('connection')}: ${t(text)}`}
      className="rail-item"
      up
      button={<span class={`dot ${tone}`} />}
    >
      {() => (
        <div class="facts-popover" tabIndex={-1}>
          <p class="pane-title">
            <span class={`dot ${tone}`} /> {t(text)}
          </p>
          <Facts />
        </div>
      )}
    </Popover>
  );
}

/** How the connection is, for who wants to know why something is late. */
function Facts() {
  const desk = useDesk();
  const { i18n } = useConsole();
  const { t, count } = i18n;
  const now = seconds.value;
  const { phase, since, transport, latency_ms } = desk.connection.value;
  const online = phase === 'online';
  const heardAt = desk.client.heardAt;
  return (
    <dl class="facts">
      <dt>{t(online ? 'connOpen' : 'connLast')}</dt>
      <dd>{since === 0 ? '–' : online ? stopwatch(now - since) : clock(since)}</dd>
      <dt>{t('connHeard')}</dt>
      <dd>
        {heardAt === 0
          ? '–'
          : t('connHeardAgo', { n: Math.max(0, Math.round((now - heardAt) / 1000)) })}
      </dd>
      <dt>{t('connLatency')}</dt>
      <dd>{latency_ms === null ? '–' : `${latency_ms} ms`}</dd>
      <dt>{t('connLag')}</dt>
      <dd>{count('connLagMessages', lag(desk))}</dd>
      <dt>{t('connVia')}</dt>
      <dd>{transport === 'socket' ? 'WebSocket' : 'SSE'}</dd>
    </dl>
  );
}

/** How many messages are known to exist that have not come. */
function lag(desk: Desk): number {
  let missing = 0;
  for (const id of desk.known.lists.mine.peek()) {
    const held = desk.client.position(id);
    const last = desk.known.peek(id)?.last_seq ?? 0;
    if (held !== undefined) missing += Math.max(0, last - held);
  }
  return missing;
}

/** `02:13:07`. */
function stopwatch(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const parts = [Math.floor(total / 3600), Math.floor((total % 3600) / 60), total % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}
