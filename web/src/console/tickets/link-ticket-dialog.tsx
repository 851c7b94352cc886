import { useState } from 'preact/hooks';
import { texts } from '../../i18n/tickets';
import type { Ticket } from '../../protocol/people';
import type { Conversation, Page } from '../../protocol/types';
import { Field } from '../../ui/field';
import { useLoad } from '../../ui/load';
import { useDesk, useTextsOf } from '../context';
import { ConfirmDialog } from '../customers/confirm-dialog';
import { Loaded } from '../loaded';
import { StatusTag } from './ticket-row';

interface LinkTicketDialogProps {
  conversation: Conversation;
  onClose(): void;
  onLinked(): void;
}

/** Chooses among the tickets of the same visitor and those that something happened to of late. */
export function LinkTicketDialog({ conversation, onClose, onLinked }: LinkTicketDialogProps) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState<string | null>(null);
  const load = useLoad(conversation.id, async (signal) => {
    const requester = conversation.visitor.id;
    const [own, latest] = await Promise.all([
      api.get<Page<Ticket>>('tickets', { requester }, { signal }),
      api.get<Page<Ticket>>('tickets', {}, { signal }),
    ]);
    const all = new Map([...own.items, ...latest.items].map((ticket) => [ticket.id, ticket]));
    return [...all.values()].filter((each) => !each.conversation_ids.includes(conversation.id));
  });
  return (
    <ConfirmDialog
      title={t('linkTicket')}
      action={t('link')}
      disabled={chosen === null}
      onClose={onClose}
      onConfirm={async () => {
        await api.post<Ticket>(`tickets/${chosen}/conversations/${conversation.id}`);
        onLinked();
      }}
    >
      <Field label={t('findTicket')} hint={t('findTicketHint')}>
        {(ties) => (
          <input
            {...ties}
            class="input"
            type="search"
            autoComplete="off"
            value={text}
            onInput={({ currentTarget }) => {
              setText(currentTarget.value);
              setChosen(null);
            }}
          />
        )}
      </Field>
      <Loaded of={load}>
        {(all) => (
          <Candidates
            all={all.filter((ticket) => matches(ticket, text))}
            chosen={chosen}
            onChoose={setChosen}
          />
        )}
      </Loaded>
    </ConfirmDialog>
  );
}

function matches(ticket: Ticket, text: string): boolean {
  const wanted = text.trim().toLowerCase().replace(/^#/, '');
  return String(ticket.number).startsWith(wanted) || ticket.subject.toLowerCase().includes(wanted);
}

interface CandidatesProps {
  all: readonly Ticket[];
  chosen: string | null;
  onChoose(id: string): void;
}

function Candidates({ all, chosen, onChoose }: CandidatesProps) {
  const { t } = useTextsOf(texts);
  if (all.length === 0) return <p class="hint">{t('noMatch')}</p>;
  return (
    <fieldset class="candidates">
      <legend class="visually-hidden">{t('linkTicket')}</legend>
      {all.map((ticket) => (
        <label key={ticket.id} class="candidate">
          <input
            type="radio"
            name="ticket"
            checked={chosen === ticket.id}
            onChange={() => onChoose(ticket.id)}
          />
          <span>
            <span class="ticket-number">#{ticket.number}</span> {ticket.subject}
          </span>
          <StatusTag status={ticket.status} />
        </label>
      ))}
    </fieldset>
  );
}
