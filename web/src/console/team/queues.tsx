import type { Inbox, QueueNow } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { lasting, NOTHING, number } from '../../ui/numbers';
import { currentFilter, filterBy } from './address';
import { useBoard, useTeamTexts } from './context';

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

function QueueRow({ row }: { row: QueueNow }) {
  const board = useBoard();
  const { t, locale } = useTeamTexts();
  const { counts } = row;
  const language = locale.value;
  const inbox = board.inboxes.value.find(({ id }) => id === row.inbox_id);
  const team = board.teams.value.find(({ id }) => id === row.team_id);
  const target = waitingTarget(inbox);
  const longest = counts.longest_wait_s ?? null;
  const late = longest !== null && target !== null && longest > target;
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
      <td>{number(counts.waiting, language)}</td>
      <td class={late ? 'is-late' : ''}>
        {longest === null ? NOTHING : lasting(longest, language)}
        {late && <Icon name="alert" size={14} label={t('late')} />}
        {target !== null && (
          <span class="hint">{t('target', { time: lasting(target, language) })}</span>
        )}
      </td>
      <td>{number(counts.open, language)}</td>
      <td>{number(counts.pending, language)}</td>
    </tr>
  );
}

/** How long visitors should wait there at most, in seconds. */
export function waitingTarget(inbox: Inbox | undefined): number | null {
  return seconds(inbox?.settings['waiting_target_s']);
}

export function responseTarget(inbox: Inbox | undefined): number | null {
  return seconds(inbox?.settings['first_response_target_s']);
}

function seconds(value: unknown): number | null {
  return typeof value === 'number' && value > 0 ? value : null;
}
