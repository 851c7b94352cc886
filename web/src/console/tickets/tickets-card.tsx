import { useState } from 'preact/hooks';
import { texts } from '../../i18n/tickets';
import type { Ticket } from '../../protocol/people';
import type { Page } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { useLoad } from '../../ui/load';
import { useDesk, useTextsOf } from '../context';
import { CARD_TIMEOUT_MS } from '../details/card';
import type { CardProps } from '../details/cards';
import { Loaded } from '../loaded';
import { CommentForm } from './comments';
import { ExternalTicketsPart } from './external-tickets';
import { LinkTicketDialog } from './link-ticket-dialog';
import { TicketDialog } from './ticket-dialog';
import { TicketRow } from './ticket-row';
import './tickets.css';

/** The tickets that a conversation belongs to, and those of its customer elsewhere; made and worked on from here. */
export default function TicketsCard(props: CardProps) {
  const { conversation } = props;
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const [asking, setAsking] = useState<'new' | 'link' | null>(null);
  const load = useLoad(conversation.id, async (signal) => {
    const query = { conversation: conversation.id };
    const options = { signal, timeoutMs: CARD_TIMEOUT_MS };
    return (await api.get<Page<Ticket>>('tickets', query, options)).items;
  });
  const close = () => setAsking(null);
  return (
    <>
      <Loaded of={load}>
        {(all) =>
          all.length === 0 ? (
            <p class="details-state">{t('noneHere')}</p>
          ) : (
            <ul class="card-tickets">
              {all.map((ticket) => (
                <CardTicket key={ticket.id} ticket={ticket} />
              ))}
            </ul>
          )
        }
      </Loaded>
      <div class="customer-actions">
        <button type="button" class="button" onClick={() => setAsking('new')}>
          <Icon name="plus" size={16} />
          {t('newTicket')}
        </button>
        <button type="button" class="button" onClick={() => setAsking('link')}>
          <Icon name="link" size={16} />
          {t('linkTicket')}
        </button>
      </div>
      <ExternalTicketsPart {...props} />
      {asking === 'new' && (
        <TicketDialog conversation={conversation} onClose={close} onMade={load.retry} />
      )}
      {asking === 'link' && (
        <LinkTicketDialog conversation={conversation} onClose={close} onLinked={load.retry} />
      )}
    </>
  );
}

function CardTicket({ ticket }: { ticket: Ticket }) {
  const { t } = useTextsOf(texts);
  const [commenting, setCommenting] = useState(false);
  const [sent, setSent] = useState(false);
  return (
    <li>
      <TicketRow ticket={ticket} />
      <button
        type="button"
        class="link-button"
        aria-expanded={commenting}
        onClick={() => {
          setCommenting(!commenting);
          setSent(false);
        }}
      >
        {t('comment')}
      </button>
      <span role="status" class="hint">
        {sent && t('commentAdded')}
      </span>
      {commenting && (
        <CommentForm
          ticket={ticket.id}
          hasRequester={Boolean(ticket.requester)}
          onSent={() => {
            setCommenting(false);
            setSent(true);
          }}
        />
      )}
    </li>
  );
}
