import { useRef, useState } from 'preact/hooks';
import { texts } from '../../i18n/tickets';
import { ApiError } from '../../protocol/agent-api';
import type {
  RevealedTicket,
  Ticket,
  TicketComment,
  TicketHistoryLine,
} from '../../protocol/people';
import type { Page } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { type Load, useLoad } from '../../ui/load';
import { moment } from '../../ui/time';
import { useConsole, useDesk, useTextsOf, visitorName } from '../context';
import { Panel } from '../customers/panel';
import { RevealDialog } from '../customers/reveal-dialog';
import { Fact } from '../details/card';
import { isMasked } from '../details/masked';
import { causeOf, Loaded } from '../loaded';
import { More } from '../more';
import { usePaged } from '../paged';
import { may } from '../pages';
import { pageHref } from '../router';
import { CommentForm, CommentList } from './comments';
import { HistoryList } from './history';
import { LinkedConversations } from './linked-conversations';
import { Subject } from './subject';
import { type TicketChange, TicketFields } from './ticket-fields';
import { isOffline, OfflineMark } from './ticket-row';

const HISTORY_LIMIT = 200;

export function TicketView({ id }: { id: string }) {
  const { api } = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const load = useLoad(id, (signal) => api.get<Ticket>(`tickets/${id}`, {}, { signal }));
  const { state } = load;
  const isGone =
    state.status === 'error' && state.error instanceof ApiError && state.error.status === 404;
  return (
    <div class="people-page">
      <a class="back-link" href={pageHref('tickets')}>
        <Icon name="back" size={16} />
        {i18n.t('cardTickets')}
      </a>
      {isGone ? (
        <div class="pane-state">
          <Icon name="ticket" size={28} />
          <p>{t('unknownTicket')}</p>
        </div>
      ) : (
        <Loaded of={load} pane>
          {(ticket) => <Known ticket={ticket} load={load} />}
        </Loaded>
      )}
    </div>
  );
}

type Trouble = { kind: 'newer' } | { kind: 'other'; error: unknown };

interface KnownProps {
  ticket: Ticket;
  load: Load<Ticket>;
}

function Known({ ticket, load }: KnownProps) {
  const { api } = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const [saving, setSaving] = useState(0);
  const newest = useRef(ticket);
  newest.current = ticket;
  /** Changes are saved one after the other, each over the version that the one before made. */
  const last = useRef<Promise<unknown>>(Promise.resolve());
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const [revealed, setRevealed] = useState<RevealedTicket | null>(null);
  const path = `tickets/${ticket.id}`;
  const comments = usePaged<TicketComment>(path, (cursor, signal) =>
    api.get<Page<TicketComment>>(`${path}/comments`, { cursor }, signal ? { signal } : {}),
  );
  const history = useLoad(path, async (signal) => {
    const query = { limit: HISTORY_LIMIT };
    return (await api.get<Page<TicketHistoryLine>>(`${path}/history`, query, { signal })).items;
  });

  const take = (newer: Ticket) => {
    newest.current = newer;
    setRevealed(null);
    load.set(newer);
    history.retry();
  };
  const change = (fields: TicketChange): Promise<boolean> => {
    const saved = last.current.then(() => save(fields));
    last.current = saved;
    return saved;
  };
  const save = async (fields: TicketChange): Promise<boolean> => {
    setSaving((count) => count + 1);
    setTrouble(null);
    try {
      take(await api.patch<Ticket>(path, { version: newest.current.version, ...fields }));
      return true;
    } catch (error) {
      const isNewer =
        error instanceof ApiError && error.status === 409 && error.field === 'version';
      setTrouble(isNewer ? { kind: 'newer' } : { kind: 'other', error });
      return false;
    } finally {
      setSaving((count) => count - 1);
    }
  };
  const loadNewer = async () => {
    try {
      take(await api.get<Ticket>(path));
      setTrouble(null);
    } catch (error) {
      setTrouble({ kind: 'other', error });
    }
  };
  const shown = revealed?.ticket ?? ticket;

  return (
    <>
      <header class="ticket-head">
        <p class="ticket-number">
          #{ticket.number} {isOffline(ticket) && <OfflineMark />}
        </p>
        <Subject subject={shown.subject} onChange={(subject) => change({ subject })} />
        <p class="hint">
          {[
            ticket.inbox.name,
            t('madeAt', { time: moment(ticket.created_at, i18n) }),
            ticket.solved_at ? t('solvedAt', { time: moment(ticket.solved_at, i18n) }) : null,
          ]
            .filter(Boolean)
            .join(' · ')}
        </p>
      </header>
      {trouble && (
        <div class="conflict" role="alert">
          <Icon name="alert" size={16} />
          {trouble.kind === 'newer' ? (
            <>
              <p>{t('conflict')}</p>
              <button type="button" class="button" onClick={() => void loadNewer()}>
                {t('loadNewer')}
              </button>
            </>
          ) : (
            <p>{causeOf(trouble.error, i18n)}</p>
          )}
        </div>
      )}
      <div class="profile">
        <div class="profile-main">
          <Panel title={t('description')}>
            {shown.body ? (
              <p class="ticket-body">{shown.body}</p>
            ) : (
              <p class="details-state">{t('noDescription')}</p>
            )}
          </Panel>
          <Panel title={t('comments')}>
            <Loaded of={comments.load}>
              {(all) => (
                <>
                  <CommentList comments={revealed?.comments ?? all} />
                  <More paged={comments} />
                </>
              )}
            </Loaded>
            <CommentForm
              ticket={ticket.id}
              hasRequester={Boolean(ticket.requester)}
              onSent={(comment) => {
                setRevealed(null);
                const { state } = comments.load;
                if (state.status !== 'ready') comments.load.retry();
                else comments.load.set([...state.value, comment]);
              }}
            />
          </Panel>
        </div>
        <div class="profile-side">
          <Panel title={t('handling')}>
            <TicketFields
              ticket={ticket}
              busy={saving > 0}
              onChange={(fields) => void change(fields)}
            />
          </Panel>
          <Requester
            ticket={shown}
            isRevealed={revealed !== null}
            isMasked={isMasked(
              ticket.subject,
              ticket.body,
              ...Object.values(ticket.contact),
              ...(comments.load.state.status === 'ready'
                ? comments.load.state.value.map((comment) => comment.text)
                : []),
            )}
            onRevealed={setRevealed}
          />
          <Panel title={t('linkedConversations')}>
            <LinkedConversations ticket={ticket} onTicket={take} />
          </Panel>
          <Panel title={t('history')}>
            <Loaded of={history}>{(lines) => <HistoryList lines={lines} />}</Loaded>
          </Panel>
        </div>
      </div>
    </>
  );
}

interface RequesterProps {
  ticket: Ticket;
  isMasked: boolean;
  isRevealed: boolean;
  onRevealed(revealed: RevealedTicket | null): void;
}

/** Whose the ticket is, and how to reach them. */
function Requester({ ticket, isMasked, isRevealed, onRevealed }: RequesterProps) {
  const { me } = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const [asking, setAsking] = useState(false);
  const { requester, contact } = ticket;
  const mayReveal = isMasked && !isRevealed && may(me.value, 'customers.reveal');
  if (!requester && !isOffline(ticket) && !mayReveal && !isRevealed) return null;
  return (
    <Panel title={t('requester')}>
      {requester && (
        <p>
          {may(me.value, 'customers') ? (
            <a href={pageHref('customers', [requester.id])}>{visitorName(requester, i18n)}</a>
          ) : (
            visitorName(requester, i18n)
          )}
        </p>
      )}
      {isOffline(ticket) && (
        <>
          <p class="hint">{t('offlineHint')}</p>
          <dl class="facts">
            {contact.name && <Fact name={i18n.t('name')}>{contact.name}</Fact>}
            {contact.phone && <Fact name={i18n.t('phone')}>{contact.phone}</Fact>}
            {contact.email && <Fact name={i18n.t('email')}>{contact.email}</Fact>}
          </dl>
        </>
      )}
      {(mayReveal || isRevealed) && (
        <div class="customer-actions">
          <button
            type="button"
            class="button"
            onClick={() => (isRevealed ? onRevealed(null) : setAsking(true))}
          >
            <Icon name={isRevealed ? 'lock' : 'eye'} size={16} />
            {i18n.t(isRevealed ? 'hideAgain' : 'showClear')}
          </button>
        </div>
      )}
      {asking && (
        <RevealDialog<RevealedTicket>
          path={`tickets/${ticket.id}/reveal`}
          onClose={() => setAsking(false)}
          onRevealed={onRevealed}
        />
      )}
    </Panel>
  );
}
