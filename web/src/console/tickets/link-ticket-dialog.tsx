import { useState } from 'preact/hooks';
import { texts } from '../../i18n/tickets';
import type { Ticket } from '../../protocol/people';
import type { Conversation, Page } from '../../protocol/types';
import { Field } from '../../ui/field';
import { useLoad } from '../../ui/load';
import { useDesk, useTextsOf } from '../context';
import { ConfirmDialog } from '../customers/confirm-dialog';
import { useSettled } from '../customers/search';
import { Loaded } from '../loaded';
import { StatusTag } from './ticket-row';
import { hasWords } from './words';

interface LinkTicketDialogProps {
  conversation: Conversation;
  onClose(): void;
  onLinked(): void;
}

/** Chooses among all tickets; at first those of the same visitor and those that something happened to of late. */
export function LinkTicketDialog({ conversation, onClose, onLinked }: LinkTicketDialogProps) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState<string | null>(null);
  const settled = useSettled(text).trim();
  const q = hasWords(settled) ? settled : '';
  const load = useLoad(`${conversation.id} ${q}`, async (signal) => {
    const list = async (query: Record<string, string>) =>
      (await api.get<Page<Ticket>>('tickets', query, { signal })).items;
    const requester = conversation.visitor.id;
    const pages = q === '' ? [list({ requester }), list({})] : [list({ q })];
    const all = (await Promise.all(pages)).flat();
    const known = new Map(all.map((ticket) => [ticket.id, ticket]));
    return [...known.values()].filter((each) => !each.conversation_ids.includes(conversation.id));
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
        {(all) => <Candidates all={all} chosen={chosen} onChoose={setChosen} />}
      </Loaded>
    </ConfirmDialog>
  );
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
