import { useState } from 'preact/hooks';
import { texts } from '../../i18n/tickets';
import type { ExternalTickets, ExternalWrite } from '../../protocol/external';
import { Field } from '../../ui/field';
import { useConsole, useDesk, useTextsOf } from '../context';
import { NewTicketDialog } from './new-ticket-dialog';
import { PRIORITY_TEXTS } from './ticket-row';

const NAME_MAX = 200;

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
  const [assignee, setAssignee] = useState('');
  const { name, priorities, assigns } = service;
  const choices = priorities.map((each) => [each, i18n.t(PRIORITY_TEXTS[each])] as const);
  return (
    <NewTicketDialog
      title={t('externalNew', { name })}
      lead={t('externalHint', { name })}
      priorities={choices.length > 0 ? [['', t('externalAsUsual')], ...choices] : []}
      priority=""
      onClose={onClose}
      make={async (said) => {
        await api.post<ExternalWrite>(path, {
          ...said,
          priority: said.priority === '' ? null : said.priority,
          assignee: assignee.trim() === '' ? null : assignee.trim(),
        });
        onAsked();
      }}
      assignee={
        assigns.includes('create') && (
          <Field label={t('assignee')} hint={t('externalAssigneeHint', { name })}>
            {(ties) => (
              <input
                {...ties}
                class="input"
                maxLength={NAME_MAX}
                value={assignee}
                onInput={({ currentTarget }) => setAssignee(currentTarget.value)}
              />
            )}
          </Field>
        )
      }
    />
  );
}
