import { Icon } from '../../ui/icons';
import { lasting, NOTHING, number } from '../../ui/numbers';
import { seconds } from '../../ui/ticking';
import { useBoard, useTeamTexts } from './context';
import { totalOf } from './live';

/** All queues and agents in one line. */
export function Summary() {
  const board = useBoard();
  const { t, locale } = useTeamTexts();
  const language = locale.value;
  const queues = board.queues.value;
  const agents = board.agents.value;
  const total = queues && totalOf(queues);
  const online = agents?.filter(({ agent }) => agent.status === 'online').length ?? null;
  const facts = [
    [t('waiting'), number(total?.waiting ?? null, language)],
    [t('longest'), <Longest since={total?.since ?? null} />],
    [t('open'), number(total?.open ?? null, language)],
    [t('pending'), number(total?.pending ?? null, language)],
    [t('online'), agents ? `${number(online, language)} / ${agents.length}` : NOTHING],
  ] as const;
  return (
    <>
      <dl class="team-summary">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <span class="team-stale" role="status">
        {board.stale.value && (
          <>
            <Icon name="alert" size={14} /> {t('stale')}
          </>
        )}
      </span>
    </>
  );
}

function Longest({ since }: { since: number | null }) {
  const { locale } = useTeamTexts();
  if (since === null) return <>{NOTHING}</>;
  return <>{lasting((seconds.value - since) / 1_000, locale.value)}</>;
}
