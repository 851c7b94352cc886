import { useState } from 'preact/hooks';
import { texts } from '../../i18n/tickets';
import type { Ticket } from '../../protocol/people';
import { Field } from '../../ui/field';
import { useConsole, useDesk, useTextsOf } from '../context';
import { TagList } from '../details/tag-list';
import { useAgents, useTeams } from '../colleagues';
import { fromField, toField } from './due';
import { DueMark, PRIORITIES, PRIORITY_TEXTS, STATUS_TEXTS, STATUSES } from './ticket-row';

/** What `PATCH /tickets/{id}` takes; null unsets. */
export interface TicketChange {
  subject?: string;
  status?: string;
  priority?: string;
  assignee_id?: string | null;
  team_id?: string | null;
  due_at?: string | null;
}

interface TicketFieldsProps {
  ticket: Ticket;
  busy: boolean;
  onChange(change: TicketChange): void;
}

/** Where a ticket stands and who sees to it; each choice is saved at once. */
export function TicketFields({ ticket, busy, onChange }: TicketFieldsProps) {
  const { me } = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const agents = useAgents();
  const teams = useTeams();
  const isClosed = ticket.status === 'closed';
  const assignee = ticket.assignee;
  const assignable = agents.filter((agent) => !agent.disabled || agent.id === assignee?.id);
  return (
    <div class="ticket-fields" aria-busy={busy}>
      <Choice
        label={t('status')}
        value={ticket.status}
        disabled={false}
        options={STATUSES.filter((each) => each !== 'new' || ticket.status === 'new').map(
          (each) => [each, t(STATUS_TEXTS[each])],
        )}
        onChange={(status) => onChange({ status })}
        {...(isClosed && { hint: t('closedHint') })}
      />
      <Choice
        label={i18n.t('priority')}
        value={ticket.priority}
        disabled={isClosed}
        options={PRIORITIES.map((each) => [each, i18n.t(PRIORITY_TEXTS[each])])}
        onChange={(priority) => onChange({ priority })}
      />
      <Choice
        label={t('assignee')}
        value={assignee?.id ?? ''}
        disabled={isClosed}
        options={[
          ['', t('nobody')],
          ...(assignee && !assignable.some((agent) => agent.id === assignee.id)
            ? [[assignee.id, assignee.name] as const]
            : []),
          ...assignable.map(
            ({ id, name }) => [id, id === me.value.id ? t('meNamed', { name }) : name] as const,
          ),
        ]}
        onChange={(id) => onChange({ assignee_id: id === '' ? null : id })}
      />
      {(teams.length > 0 || ticket.team_id) && (
        <Choice
          label={t('team')}
          value={ticket.team_id ?? ''}
          disabled={isClosed}
          options={[['', t('noTeam')], ...teams.map(({ id, name }) => [id, name] as const)]}
          onChange={(id) => onChange({ team_id: id === '' ? null : id })}
        />
      )}
      <DueField key={ticket.due_at} ticket={ticket} onChange={onChange} />
      <Tags ids={ticket.tags} />
    </div>
  );
}

function Tags({ ids }: { ids: readonly string[] }) {
  const { directory } = useDesk();
  return <TagList tags={ids.flatMap((id) => directory.tags.value.get(id) ?? [])} />;
}

interface DueFieldProps {
  ticket: Ticket;
  onChange(change: TicketChange): void;
}

/** Saved when one leaves it: a time is typed in several steps. */
function DueField({ ticket, onChange }: DueFieldProps) {
  const { t } = useTextsOf(texts);
  const saved = toField(ticket.due_at);
  const [typed, setTyped] = useState(saved);
  return (
    <Field label={t('due')} hint={<DueMark ticket={ticket} bare />}>
      {(ties) => (
        <input
          {...ties}
          class="input"
          type="datetime-local"
          disabled={ticket.status === 'closed'}
          value={typed}
          onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          onBlur={() => {
            if (typed !== saved) onChange({ due_at: fromField(typed) });
          }}
        />
      )}
    </Field>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  disabled: boolean;
  hint?: string;
  options: readonly (readonly [string, string])[];
  onChange(value: string): void;
}

function Choice({ label, value, disabled, hint, options, onChange }: ChoiceProps) {
  return (
    <Field label={label} hint={hint}>
      {(ties) => (
        <select
          {...ties}
          class="input"
          disabled={disabled}
          value={value}
          onChange={({ currentTarget }) => {
            onChange(currentTarget.value);
            // What the server has stays shown until it took the other one.
            currentTarget.value = value;
          }}
        >
          {options.map(([id, text]) => (
            <option key={id} value={id}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
