import { Icon } from '../../ui/icons';
import { lasting, NOTHING, number } from '../../ui/numbers';
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
  const longest = total?.longest_wait_s ?? null;
  const facts = [
    [t('waiting'), number(total?.waiting ?? null, language)],
    [t('longest'), longest === null ? NOTHING : lasting(longest, language)],
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
