import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { texts } from '../../i18n/tickets';
import { ApiError } from '../../protocol/api';
import { uuid } from '../../protocol/uuid';
import { Field } from '../../ui/field';
import { useConsole, useTextsOf } from '../context';
import { ConfirmDialog } from '../customers/confirm-dialog';

const SUBJECT_MAX = 200;
const BODY_MAX = 16_384;

/** What is said of a new ticket, wherever it is made. */
export interface NewTicket {
  /** The same for a second try: after an answer that was lost, it makes no second ticket. */
  client_id: string;
  subject: string;
  body: string;
  priority: string;
}

interface NewTicketDialogProps {
  title: string;
  lead?: ComponentChildren;
  /** Who reads the description. */
  descriptionHint?: string | undefined;
  /** What can be chosen, with its texts; nothing when there is no choice. */
  priorities: readonly (readonly [string, string])[];
  priority: string;
  /** Whether what is asked for besides is there. */
  ready?: boolean;
  /** Below the description. */
  children?: ComponentChildren;
  /** Beside the priority. */
  beside?: ComponentChildren;
  /** Who is to work on it. */
  assignee?: ComponentChildren;
  onClose(): void;
  /** Makes the ticket; throws when that did not work. */
  make(ticket: NewTicket): Promise<void>;
}

/** A new ticket, here or in another system. */
export function NewTicketDialog(props: NewTicketDialogProps) {
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const { priorities, beside } = props;
  const [subject, setSubject] = useState('');
  const [body, setBody] = useState('');
  const [priority, setPriority] = useState(props.priority);
  const [wrong, setWrong] = useState<string | null>(null);
  const [clientId, setClientId] = useState(uuid);
  const [madeEarlier, setMadeEarlier] = useState(false);

  const make = async () => {
    setWrong(null);
    try {
      const said = { subject: subject.trim(), body: body.trim(), priority };
      await props.make({ client_id: clientId, ...said });
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
      title={props.title}
      action={t('make')}
      disabled={subject.trim() === '' || props.ready === false}
      onClose={props.onClose}
      onConfirm={make}
    >
      {madeEarlier && <p role="status">{t('madeEarlier')}</p>}
      {props.lead && <p class="hint">{props.lead}</p>}
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
      <Field label={t('description')} hint={props.descriptionHint}>
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
      {props.children}
      <div class={beside ? 'field-pair' : undefined}>
        {priorities.length > 0 && (
          <Field label={i18n.t('priority')}>
            {(ties) => (
              <select
                {...ties}
                class="input"
                value={priority}
                onChange={({ currentTarget }) => setPriority(currentTarget.value)}
              >
                {priorities.map(([value, text]) => (
                  <option key={value} value={value}>
                    {text}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )}
        {beside}
      </div>
      {props.assignee}
    </ConfirmDialog>
  );
}
