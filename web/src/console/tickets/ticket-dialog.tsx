import { useState } from 'preact/hooks';
import { texts } from '../../i18n/tickets';
import { ApiError } from '../../protocol/agent-api';
import type { Ticket } from '../../protocol/people';
import type { Conversation, Priority } from '../../protocol/types';
import { uuid } from '../../protocol/uuid';
import { Field } from '../../ui/field';
import { useConsole, useDesk, useTextsOf, visitorName } from '../context';
import { ConfirmDialog } from '../customers/confirm-dialog';
import { useAgents } from '../colleagues';
import { fromField } from './due';
import { PRIORITIES, PRIORITY_TEXTS } from './ticket-row';

const SUBJECT_MAX = 200;
const BODY_MAX = 16_384;

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
  const [subject, setSubject] = useState('');
  const [body, setBody] = useState('');
  const [priority, setPriority] = useState<Priority>('normal');
  const [assignee, setAssignee] = useState(me.peek().id);
  const [due, setDue] = useState('');
  const [inbox, setInbox] = useState('');
  const [wrong, setWrong] = useState<string | null>(null);
  // A second try after an answer that was lost makes no second ticket.
  const [clientId, setClientId] = useState(uuid);
  const [madeEarlier, setMadeEarlier] = useState(false);

  const make = async () => {
    setWrong(null);
    try {
      onMade(
        await api.post<Ticket>('tickets', {
          client_id: clientId,
          subject: subject.trim(),
          body: body.trim(),
          priority,
          assignee_id: assignee === '' ? null : assignee,
          due_at: fromField(due),
          ...(conversation ? { conversation_ids: [conversation.id] } : { inbox_id: inbox }),
        }),
      );
    } catch (error) {
      const field = error instanceof ApiError ? error.field : null;
      if (field === 'subject') setWrong(t('subjectWrong'));
      if (field === 'client_id') {
        setMadeEarlier(true);
        setClientId(uuid());
      }
      throw error;
    }
  };

  return (
    <ConfirmDialog
      title={t('newTicket')}
      action={t('make')}
      disabled={subject.trim() === '' || (conversation === null && inbox === '')}
      onClose={onClose}
      onConfirm={make}
    >
      {madeEarlier && <p role="status">{t('madeEarlier')}</p>}
      {conversation && (
        <p class="hint">{t('aboutChat', { name: visitorName(conversation.visitor, i18n) })}</p>
      )}
      <Field label={t('subject')} error={wrong}>
        {(ties) => (
          <input
            {...ties}
            class="input"
            maxLength={SUBJECT_MAX}
            value={subject}
            onInput={({ currentTarget }) => setSubject(currentTarget.value)}
          />
        )}
      </Field>
      <Field label={t('description')} hint={conversation ? t('requesterReads') : undefined}>
        {(ties) => (
          <textarea
            {...ties}
            class="input"
            maxLength={BODY_MAX}
            value={body}
            onInput={({ currentTarget }) => setBody(currentTarget.value)}
          />
        )}
      </Field>
      {conversation === null && <InboxField value={inbox} onChange={setInbox} />}
      <div class="field-pair">
        <Field label={i18n.t('priority')}>
          {(ties) => (
            <select
              {...ties}
              class="input"
              value={priority}
              onChange={({ currentTarget }) => setPriority(currentTarget.value as Priority)}
            >
              {PRIORITIES.map((each) => (
                <option key={each} value={each}>
                  {i18n.t(PRIORITY_TEXTS[each])}
                </option>
              ))}
            </select>
          )}
        </Field>
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
      </div>
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
    </ConfirmDialog>
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
