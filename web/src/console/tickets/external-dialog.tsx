import { useState } from 'preact/hooks';
import { texts } from '../../i18n/tickets';
import { ApiError } from '../../protocol/agent-api';
import type { ExternalTickets, ExternalWrite } from '../../protocol/external';
import { uuid } from '../../protocol/uuid';
import { Field } from '../../ui/field';
import { useConsole, useDesk, useTextsOf } from '../context';
import { ConfirmDialog } from '../customers/confirm-dialog';
import { PRIORITY_TEXTS } from './ticket-row';

const SUBJECT_MAX = 200;
const BODY_MAX = 16_384;

interface ExternalDialogProps {
  service: ExternalTickets['service'];
  path: string;
  onClose(): void;
  onAsked(): void;
}

/** A new ticket in the other system. */
export function ExternalDialog({ service, path, onClose, onAsked }: ExternalDialogProps) {
  const { api } = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const [subject, setSubject] = useState('');
  const [body, setBody] = useState('');
  const [priority, setPriority] = useState('');
  const [wrong, setWrong] = useState<string | null>(null);
  // A second try after an answer that was lost makes no second ticket.
  const [clientId] = useState(uuid);
  const ask = async () => {
    setWrong(null);
    try {
      await api.post<ExternalWrite>(path, {
        client_id: clientId,
        subject: subject.trim(),
        body: body.trim(),
        priority: priority === '' ? null : priority,
      });
      onAsked();
    } catch (error) {
      if (error instanceof ApiError && error.field === 'subject') setWrong(t('subjectWrong'));
      throw error;
    }
  };
  return (
    <ConfirmDialog
      title={t('externalNew', { name: service.name })}
      action={t('make')}
      disabled={subject.trim() === ''}
      onClose={onClose}
      onConfirm={ask}
    >
      <p class="hint">{t('externalHint', { name: service.name })}</p>
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
      <Field label={t('description')}>
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
      {service.priorities.length > 0 && (
        <Field label={i18n.t('priority')}>
          {(ties) => (
            <select
              {...ties}
              class="input"
              value={priority}
              onChange={({ currentTarget }) => setPriority(currentTarget.value)}
            >
              <option value="">{t('externalAsUsual')}</option>
              {service.priorities.map((each) => (
                <option key={each} value={each}>
                  {i18n.t(PRIORITY_TEXTS[each])}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
    </ConfirmDialog>
  );
}
