import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { texts } from '../../i18n/tickets';
import type { Ticket } from '../../protocol/people';
import type { Page } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { day } from '../../ui/time';
import { useConsole, useDesk, useTextsOf, visitorName } from '../context';
import { useAgents, useTeams } from '../colleagues';
import { useSettled } from '../customers/search';
import { Loaded } from '../loaded';
import { More } from '../more';
import { type Paged, usePaged } from '../paged';
import { pageHref, route } from '../router';
import { TicketDialog } from './ticket-dialog';
import {
  DueMark,
  isOffline,
  OfflineMark,
  PRIORITIES,
  PRIORITY_TEXTS,
  PriorityMark,
  STATUS_TEXTS,
  STATUSES,
  StatusTag,
} from './ticket-row';
import { hasWords } from './words';

const FILTERS = ['q', 'status', 'priority', 'assignee', 'team', 'overdue'] as const;
const TEXT_MAX = 256;
type FilterName = (typeof FILTERS)[number];
type Filter = Partial<Record<FilterName, string>>;

export function TicketList() {
  const { api } = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const [making, setMaking] = useState(false);
  const filter = filterOf(route.value.query);
  const paged = usePaged<Ticket>(new URLSearchParams(filter).toString(), (cursor, signal) =>
    api.get<Page<Ticket>>('tickets', { ...filter, cursor }, signal ? { signal } : {}),
  );
  return (
    <div class="people-page">
      <header class="people-head tickets-head">
        <h1>{i18n.t('cardTickets')}</h1>
        <button type="button" class="button is-primary" onClick={() => setMaking(true)}>
          <Icon name="plus" size={16} />
          {t('newTicket')}
        </button>
      </header>
      <Search filter={filter} />
      <Filters filter={filter} />
      <Loaded of={paged.load} pane>
        {(all) => <Found all={all} paged={paged} isFiltered={Object.keys(filter).length > 0} />}
      </Loaded>
      {making && (
        <TicketDialog
          conversation={null}
          onClose={() => setMaking(false)}
          onMade={(ticket) => {
            location.hash = pageHref('tickets', [ticket.id]);
          }}
        />
      )}
    </div>
  );
}

function filterOf(query: URLSearchParams): Filter {
  const filter: Filter = {};
  for (const name of FILTERS) {
    const value = query.get(name);
    if (value && (name !== 'q' || hasWords(value))) filter[name] = value;
  }
  return filter;
}

/** Keeps what is looked for in the address, and looks for what another address says. */
function Search({ filter }: { filter: Filter }) {
  const { t } = useTextsOf(texts);
  const [text, setText] = useState(filter.q ?? '');
  const settled = useSettled(text).trim();
  const wanted = filter.q ?? '';
  useEffect(() => {
    const { page, path } = route.peek();
    const next = hasWords(settled) ? settled : '';
    if (page === 'tickets' && path.length === 0 && next !== wanted) show({ ...filter, q: next });
  }, [settled]);
  // Before anybody can type on: what is typed meanwhile is not taken away.
  useLayoutEffect(() => {
    if (wanted !== '' ? wanted !== settled : hasWords(settled)) setText(wanted);
  }, [wanted]);
  return (
    <div class="search-field">
      <Icon name="search" />
      <input
        class="input"
        type="search"
        autoComplete="off"
        aria-label={t('searchTickets')}
        placeholder={t('searchTickets')}
        maxLength={TEXT_MAX}
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
    </div>
  );
}

/** Shows what passes a filter. */
function show(filter: Filter): void {
  const set = Object.entries(filter).filter(([, value]) => value !== '');
  location.replace(pageHref('tickets', [], Object.fromEntries(set)));
}

function Filters({ filter }: { filter: Filter }) {
  const { me } = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const agents = useAgents().filter((agent) => agent.id !== me.value.id && !agent.disabled);
  const teams = useTeams();
  const set = (name: FilterName, value: string) => show({ ...filter, [name]: value });
  return (
    <div class="ticket-filters" role="group" aria-label={t('filters')}>
      <Choice
        label={t('status')}
        value={filter.status}
        onChange={(value) => set('status', value)}
        options={STATUSES.map((each) => [each, t(STATUS_TEXTS[each])])}
      />
      <Choice
        label={i18n.t('priority')}
        value={filter.priority}
        onChange={(value) => set('priority', value)}
        options={PRIORITIES.map((each) => [each, i18n.t(PRIORITY_TEXTS[each])])}
      />
      <Choice
        label={t('assignee')}
        value={filter.assignee}
        onChange={(value) => set('assignee', value)}
        options={[
          ['me', t('mine')],
          ['none', t('nobody')],
          ...agents.map(({ id, name }) => [id, name] as const),
        ]}
      />
      {teams.length > 0 && (
        <Choice
          label={t('team')}
          value={filter.team}
          onChange={(value) => set('team', value)}
          options={[['none', t('noTeam')], ...teams.map(({ id, name }) => [id, name] as const)]}
        />
      )}
      <label class="check">
        <input
          type="checkbox"
          checked={filter.overdue === 'true'}
          onChange={({ currentTarget }) => set('overdue', currentTarget.checked ? 'true' : '')}
        />
        {t('onlyOverdue')}
      </label>
    </div>
  );
}

interface ChoiceProps {
  label: string;
  value: string | undefined;
  options: readonly (readonly [string, string])[];
  onChange(value: string): void;
}

function Choice({ label, value = '', options, onChange }: ChoiceProps) {
  const { t } = useTextsOf(texts);
  return (
    <label class="choice">
      <span class="field-label">{label}</span>
      <select
        class="input"
        value={value}
        onChange={({ currentTarget }) => onChange(currentTarget.value)}
      >
        <option value="">{t('any')}</option>
        {options.map(([id, text]) => (
          <option key={id} value={id}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

interface FoundProps {
  all: readonly Ticket[];
  paged: Paged<Ticket>;
  isFiltered: boolean;
}

function Found({ all, paged, isFiltered }: FoundProps) {
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  if (all.length === 0 && !paged.hasMore) {
    return (
      <div class="pane-state">
        <Icon name="ticket" size={28} />
        <p class="pane-title">{t(isFiltered ? 'noMatch' : 'noTickets')}</p>
        {isFiltered ? (
          <a class="button" href={pageHref('tickets')}>
            {t('showAll')}
          </a>
        ) : (
          <p>{t('noTicketsHint')}</p>
        )}
      </div>
    );
  }
  return (
    <>
      <table class="people-table tickets-table" onKeyDown={stepRows}>
        <thead>
          <tr>
            <th scope="col">{t('subject')}</th>
            <th scope="col">{t('status')}</th>
            <th scope="col">{i18n.t('priority')}</th>
            <th scope="col">{t('requester')}</th>
            <th scope="col">{t('assignee')}</th>
            <th scope="col">{t('due')}</th>
            <th scope="col">{t('updated')}</th>
          </tr>
        </thead>
        <tbody>
          {all.map((ticket) => (
            <tr key={ticket.id}>
              <td>
                <a class="ticket-link" href={pageHref('tickets', [ticket.id])}>
                  <span class="ticket-number">#{ticket.number}</span> {ticket.subject}
                </a>
                {isOffline(ticket) && <OfflineMark />}
              </td>
              <td data-label={t('status')}>
                <StatusTag status={ticket.status} />
              </td>
              <td data-label={i18n.t('priority')}>
                <PriorityMark priority={ticket.priority} />
              </td>
              <td data-label={t('requester')}>
                {ticket.requester ? visitorName(ticket.requester, i18n) : '–'}
              </td>
              <td data-label={t('assignee')}>{ticket.assignee?.name ?? '–'}</td>
              <td data-label={t('due')}>{ticket.due_at ? <DueMark ticket={ticket} /> : '–'}</td>
              <td data-label={t('updated')}>
                <time dateTime={ticket.updated_at}>{day(ticket.updated_at, i18n)}</time>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <More paged={paged} />
    </>
  );
}

/** Arrows go from ticket to ticket, as in the list of conversations. */
function stepRows(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>('.ticket-link')];
  const at = links.indexOf(document.activeElement as HTMLElement);
  if (by === 0 || at === -1) return;
  event.preventDefault();
  links[at + by]?.focus();
}
