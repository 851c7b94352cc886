import type { I18n } from '../../i18n';
import { texts } from '../../i18n/tickets';
import type { TicketHistoryLine, TicketStatus } from '../../protocol/people';
import type { Agent, Priority } from '../../protocol/types';
import { moment } from '../../ui/time';
import { type ConsoleI18n, useConsole, useDesk, useTextsOf } from '../context';
import { useAgents, useTeams } from '../colleagues';
import { PRIORITY_TEXTS, STATUS_TEXTS } from './ticket-row';

type TicketI18n = I18n<keyof typeof texts.en>;

interface Names {
  agents: readonly Agent[];
  teams: readonly { id: string; name: string }[];
  tags: ReadonlyMap<string, { name: string }>;
}

const FIELD_TEXTS = {
  subject: 'subject',
  status: 'status',
  assignee: 'assignee',
  team: 'team',
  due_at: 'due',
  tags: 'tags',
  conversation: 'linkedConversation',
} as const;

export function HistoryList({ lines }: { lines: readonly TicketHistoryLine[] }) {
  const { i18n } = useConsole();
  const own = useTextsOf(texts);
  const { directory } = useDesk();
  const names = { agents: useAgents(), teams: useTeams(), tags: directory.tags.value };
  if (lines.length === 0) return <p class="details-state">{own.t('noHistory')}</p>;
  return (
    <ol class="history">
      {lines.map((line) => (
        <li key={`${line.at} ${line.field} ${line.to ?? ''}`}>
          <p>
            <strong>{line.by.name || i18n.t('visitorSaid')}</strong>
            {' · '}
            {line.field === 'priority' ? i18n.t('priority') : own.t(FIELD_TEXTS[line.field])}
            <time dateTime={line.at}>{moment(line.at, i18n)}</time>
          </p>
          <p class="history-change">
            {line.from && <del>{shown(line, line.from, names, i18n, own)}</del>}
            {line.from && line.to && <span aria-hidden="true">→</span>}
            {line.to && <ins>{shown(line, line.to, names, i18n, own)}</ins>}
          </p>
        </li>
      ))}
    </ol>
  );
}

/** What stands in a line of history, in words. */
function shown(
  { field }: TicketHistoryLine,
  value: string,
  { agents, teams, tags }: Names,
  i18n: ConsoleI18n,
  own: TicketI18n,
): string {
  switch (field) {
    case 'status':
      return value in STATUS_TEXTS ? own.t(STATUS_TEXTS[value as TicketStatus]) : value;
    case 'priority':
      return value in PRIORITY_TEXTS ? i18n.t(PRIORITY_TEXTS[value as Priority]) : value;
    case 'assignee':
      return agents.find((agent) => agent.id === value)?.name ?? end(value);
    case 'team':
      return teams.find((team) => team.id === value)?.name ?? end(value);
    case 'due_at':
      return Number.isNaN(Date.parse(value)) ? value : moment(value, i18n);
    case 'tags':
      return value
        .split(',')
        .map((id) => tags.get(id)?.name ?? end(id))
        .join(', ');
    case 'conversation':
      return end(value);
    case 'subject':
      return value;
  }
}

/** Enough of an id to tell it from others. */
function end(id: string): string {
  return `…${id.slice(-4)}`;
}
