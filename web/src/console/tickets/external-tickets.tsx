import { useEffect, useState } from 'preact/hooks';
import { texts } from '../../i18n/tickets';
import { ApiError } from '../../protocol/agent-api';
import type { ExternalTicket, ExternalTickets, ExternalWrite } from '../../protocol/external';
import type { TicketStatus } from '../../protocol/people';
import type { Page } from '../../protocol/types';
import { uuid } from '../../protocol/uuid';
import { Icon } from '../../ui/icons';
import { useLoad } from '../../ui/load';
import { isExternal } from '../chat/event-text';
import { useConsole, useDesk, useTextsOf } from '../context';
import { CARD_TIMEOUT_MS } from '../details/card';
import type { CardProps } from '../details/cards';
import { causeOf, Loaded } from '../loaded';
import { ExternalComment } from './external-comment';
import { ExternalDialog } from './external-dialog';
import { ExternalWrites } from './external-writes';
import { PriorityMark, STATUS_TEXTS, StatusTag } from './ticket-row';

/** A service that does not answer takes its time, and the server waits for it. */
const SERVICE_TIMEOUT_MS = 3 * CARD_TIMEOUT_MS;

/** What is under way may wait again, which nobody tells. */
const PENDING_MS = 3_000;

function isPending(write: ExternalWrite): boolean {
  return write.state === 'waiting' || write.state === 'sending';
}

/** The customer's tickets in a system of others; nothing where there is none. */
export function ExternalTicketsPart({ chat, conversation, round }: CardProps) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const [asked, setAsked] = useState(0);
  const [asking, setAsking] = useState(false);
  // What became of something is told in the conversation.
  const told = chat.history.value.items.filter(isExternal).length;
  const listed = useLoad(`${conversation.visitor.id} ${round} ${told}`, async (signal) => {
    const path = `customers/${conversation.visitor.id}/external-tickets`;
    try {
      return await api.get<ExternalTickets>(path, {}, { signal, timeoutMs: SERVICE_TIMEOUT_MS });
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    }
  });
  const here = `conversations/${conversation.id}/external-tickets`;
  const isThere = listed.state.status === 'ready' && listed.state.value !== null;
  const writes = useLoad(isThere ? `${conversation.id} ${told} ${asked}` : null, async (signal) => {
    const options = { signal, timeoutMs: CARD_TIMEOUT_MS };
    return (await api.get<Page<ExternalWrite>>(here, {}, options)).items;
  });
  const again = () => setAsked((count) => count + 1);
  const state = writes.state;
  const isUnderWay = state.status === 'ready' && state.value.some(isPending);
  useEffect(() => {
    if (!isUnderWay) return;
    const timer = setInterval(again, PENDING_MS);
    return () => clearInterval(timer);
  }, [isUnderWay]);
  if (listed.state.status === 'ready' && listed.state.value === null) return null;
  return (
    <section class="external" aria-label={t('externalTickets')}>
      <Loaded of={listed}>
        {(found) =>
          found && (
            <>
              <h4 class="external-name">{found.service.name}</h4>
              {found.errors.length > 0 && (
                <div class="part-state" role="alert">
                  <Icon name="alert" size={16} />
                  <p title={found.errors.map((each) => each.detail).join('\n')}>
                    {t(found.items.length > 0 ? 'externalPartly' : 'externalSilent', {
                      name: found.service.name,
                    })}
                  </p>
                  <button type="button" class="link-button" onClick={listed.retry}>
                    {t('askAgain')}
                  </button>
                </div>
              )}
              {found.items.length === 0 && found.errors.length === 0 && (
                <p class="details-state">{t('externalNone')}</p>
              )}
              {found.items.length > 0 && (
                <ul class="card-tickets">
                  {found.items.map((ticket) => (
                    <ExternalRow
                      key={ticket.number}
                      ticket={ticket}
                      service={found.service}
                      path={here}
                      onAsked={again}
                    />
                  ))}
                </ul>
              )}
              {writes.state.status === 'ready' && (
                <ExternalWrites
                  writes={writes.state.value}
                  conversation={conversation.id}
                  onDecided={again}
                />
              )}
              {found.service.takes.includes('create') && (
                <div class="customer-actions">
                  <button type="button" class="button" onClick={() => setAsking(true)}>
                    <Icon name="plus" size={16} />
                    {t('externalNew', { name: found.service.name })}
                  </button>
                </div>
              )}
              {asking && (
                <ExternalDialog
                  service={found.service}
                  path={here}
                  onClose={() => setAsking(false)}
                  onAsked={again}
                />
              )}
            </>
          )
        }
      </Loaded>
    </section>
  );
}

interface ExternalRowProps {
  ticket: ExternalTicket;
  service: ExternalTickets['service'];
  path: string;
  onAsked(): void;
}

function ExternalRow({ ticket, service, path, onAsked }: ExternalRowProps) {
  const { t } = useTextsOf(texts);
  const [commenting, setCommenting] = useState(false);
  const own = `${path}/${encodeURIComponent(ticket.number)}`;
  return (
    <li>
      <div class="ticket-row">
        <span class="ticket-row-subject">
          {ticket.url ? (
            <a class="ticket-number" href={ticket.url} target="_blank" rel="noreferrer noopener">
              {ticket.number}
            </a>
          ) : (
            <span class="ticket-number">{ticket.number}</span>
          )}{' '}
          {ticket.subject}
        </span>
        <span class="ticket-row-marks">
          {ticket.status ? (
            <StatusTag status={ticket.status} />
          ) : (
            ticket.status_text && <span class="ticket-status">{ticket.status_text}</span>
          )}
          {ticket.priority && ticket.priority !== 'normal' && (
            <PriorityMark priority={ticket.priority} />
          )}
          {ticket.assignee && <span class="hint">{ticket.assignee}</span>}
        </span>
      </div>
      <div class="external-actions">
        {service.takes.includes('comment') && (
          <button
            type="button"
            class="link-button"
            aria-expanded={commenting}
            onClick={() => setCommenting(!commenting)}
          >
            {t('comment')}
          </button>
        )}
        {service.takes.includes('update') && service.statuses.length > 0 && (
          <StatusChoice ticket={ticket} statuses={service.statuses} path={own} onAsked={onAsked} />
        )}
      </div>
      {commenting && (
        <ExternalComment
          path={`${own}/comments`}
          onAsked={() => {
            setCommenting(false);
            onAsked();
          }}
        />
      )}
    </li>
  );
}

interface StatusChoiceProps {
  ticket: ExternalTicket;
  statuses: readonly TicketStatus[];
  path: string;
  onAsked(): void;
}

function StatusChoice({ ticket, statuses, path, onAsked }: StatusChoiceProps) {
  const { api } = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const [error, setError] = useState<unknown>(null);
  const change = async (status: string) => {
    setError(null);
    try {
      await api.patch<ExternalWrite>(path, { client_id: uuid(), status });
      onAsked();
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <>
      <select
        class="input external-status"
        aria-label={t('externalStatusOf', { number: ticket.number })}
        value=""
        onChange={({ currentTarget }) => {
          void change(currentTarget.value);
          currentTarget.value = '';
        }}
      >
        <option value="">{t('externalChange')}</option>
        {statuses
          .filter((each) => each !== ticket.status)
          .map((each) => (
            <option key={each} value={each}>
              {t(STATUS_TEXTS[each])}
            </option>
          ))}
      </select>
      {error !== null && (
        <p class="form-error" role="alert">
          <Icon name="alert" size={16} />
          {causeOf(error, i18n)}
        </p>
      )}
    </>
  );
}
