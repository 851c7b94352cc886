import type { Inbox } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { lasting, NOTHING, number } from '../../ui/numbers';
import { seconds } from '../../ui/ticking';
import { currentFilter, filterBy } from './address';
import { useBoard, useTeamTexts } from './context';
import type { Queue } from './live';

/** Where visitors wait: each inbox, for anybody or for a team. */
export function Queues() {
  const board = useBoard();
  const { t } = useTeamTexts();
  const filter = currentFilter();
  const rows = (board.queues.value ?? []).filter(
    ({ inbox_id, team_id }) =>
      (filter.inbox === '' || filter.inbox === inbox_id) &&
      (filter.team === '' || filter.team === team_id),
  );
  return (
    <section class="team-queues" aria-labelledby="team-queues">
      <h2 id="team-queues">{t('tab_queues')}</h2>
      {rows.length === 0 && board.queues.value && <p class="team-empty">{t('noQueues')}</p>}
      {rows.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">{t('queue')}</th>
              <th scope="col">{t('waiting')}</th>
              <th scope="col">{t('longest')}</th>
              <th scope="col">{t('open')}</th>
              <th scope="col">{t('pending')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <QueueRow key={`${row.inbox_id} ${row.team_id}`} row={row} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function QueueRow({ row }: { row: Queue }) {
  const board = useBoard();
  const { t, locale } = useTeamTexts();
  const language = locale.value;
  const inbox = board.inboxes.value.find(({ id }) => id === row.inbox_id);
  const team = board.teams.value.find(({ id }) => id === row.team_id);
  return (
    <tr>
      <th scope="row">
        <button
          type="button"
          class="link-button"
          onClick={() => filterBy({ inbox: row.inbox_id ?? '', team: row.team_id ?? '' })}
        >
          {inbox?.name ?? t('inboxGone')}
        </button>
        <span class="hint">{row.team_id ? (team?.name ?? t('teamGone')) : t('anybody')}</span>
      </th>
      <td>{number(row.waiting, language)}</td>
      <LongestWait since={row.since} target={waitingTarget(inbox)} />
      <td>{number(row.open, language)}</td>
      <td>{number(row.pending, language)}</td>
    </tr>
  );
}

interface LongestWaitProps {
  since: number | null;
  /** In seconds. */
  target: number | null;
}

function LongestWait({ since, target }: LongestWaitProps) {
  const { t, locale } = useTeamTexts();
  const waited = since === null ? null : (seconds.value - since) / 1_000;
  const late = waited !== null && target !== null && waited > target;
  return (
    <td class={late ? 'is-late' : ''}>
      {waited === null ? NOTHING : lasting(waited, locale.value)}
      {late && <Icon name="alert" size={14} label={t('late')} />}
      {target !== null && (
        <span class="hint">{t('target', { time: lasting(target, locale.value) })}</span>
      )}
    </td>
  );
}

/** How long visitors should wait there at most, in seconds. */
export function waitingTarget(inbox: Inbox | undefined): number | null {
  return positive(inbox?.settings['waiting_target_s']);
}

export function responseTarget(inbox: Inbox | undefined): number | null {
  return positive(inbox?.settings['first_response_target_s']);
}

function positive(value: unknown): number | null {
  return typeof value === 'number' && value > 0 ? value : null;
}
