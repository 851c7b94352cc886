import { useState } from 'preact/hooks';
import { texts } from '../../i18n/tickets';
import type { Ticket } from '../../protocol/people';
import type { Conversation } from '../../protocol/types';
import { Field } from '../../ui/field';
import { useConsole, useDesk, useTextsOf, visitorName } from '../context';
import { useAgents } from '../colleagues';
import { fromField } from './due';
import { NewTicketDialog } from './new-ticket-dialog';
import { PRIORITIES, PRIORITY_TEXTS } from './ticket-row';

interface TicketDialogProps {
  /** What the ticket is about; without one it has to be said where it belongs. */
  conversation: Conversation | null;
  onClose(): void;
  onMade(ticket: Ticket): void;
}

export function TicketDialog({ conversation, onClose, onMade }: TicketDialogProps) {
  const { api, me } = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const agents = useAgents().filter((agent) => !agent.disabled);
  const [assignee, setAssignee] = useState(me.peek().id);
  const [due, setDue] = useState('');
  const [inbox, setInbox] = useState('');
  return (
    <NewTicketDialog
      title={t('newTicket')}
      lead={conversation && t('aboutChat', { name: visitorName(conversation.visitor, i18n) })}
      descriptionHint={conversation ? t('requesterReads') : undefined}
      priorities={PRIORITIES.map((each) => [each, i18n.t(PRIORITY_TEXTS[each])])}
      priority="normal"
      ready={conversation !== null || inbox !== ''}
      onClose={onClose}
      make={async (said) =>
        onMade(
          await api.post<Ticket>('tickets', {
            ...said,
            assignee_id: assignee === '' ? null : assignee,
            due_at: fromField(due),
            ...(conversation ? { conversation_ids: [conversation.id] } : { inbox_id: inbox }),
          }),
        )
      }
      beside={
        <Field label={t('due')}>
          {(ties) => (
            <input
              {...ties}
              class="input"
              type="datetime-local"
              value={due}
              onInput={({ currentTarget }) => setDue(currentTarget.value)}
            />
          )}
        </Field>
      }
      assignee={
        <Field label={t('assignee')}>
          {(ties) => (
            <select
              {...ties}
              class="input"
              value={assignee}
              onChange={({ currentTarget }) => setAssignee(currentTarget.value)}
            >
              <option value="">{t('nobody')}</option>
              <option value={me.value.id}>{t('mine')}</option>
              {agents
                .filter((agent) => agent.id !== me.value.id)
                .map((agent) => (
                  <option key={agent.id} value={agent.id}>
                    {agent.name}
                  </option>
                ))}
            </select>
          )}
        </Field>
      }
    >
      {conversation === null && <InboxField value={inbox} onChange={setInbox} />}
    </NewTicketDialog>
  );
}

interface InboxFieldProps {
  value: string;
  onChange(id: string): void;
}

function InboxField({ value, onChange }: InboxFieldProps) {
  const { directory } = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const inboxes = [...directory.inboxes.value.values()];
  return (
    <Field label={i18n.t('channel')}>
      {(ties) => (
        <select
          {...ties}
          class="input"
          value={value}
          onChange={({ currentTarget }) => onChange(currentTarget.value)}
        >
          <option value="">{t('choose')}</option>
          {inboxes.map((inbox) => (
            <option key={inbox.id} value={inbox.id}>
              {inbox.name}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
