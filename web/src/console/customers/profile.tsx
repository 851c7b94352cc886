import { useState } from 'preact/hooks';
import { texts } from '../../i18n/customers';
import { ApiError } from '../../protocol/agent-api';
import type { Customer, CustomerIdentity, PageVisit, Ticket } from '../../protocol/people';
import type { Conversation, Page } from '../../protocol/types';
import { Avatar } from '../../ui/avatar';
import { Icon } from '../../ui/icons';
import { useLoad } from '../../ui/load';
import { moment } from '../../ui/time';
import { useConsole, useDesk, useTextsOf } from '../context';
import { Attributes } from '../details/attributes-card';
import { CustomerPart } from '../details/customer-part';
import { wordsOf } from '../details/lines';
import { Trail } from '../details/trail';
import { StateTag } from '../list/state-tag';
import { Loaded } from '../loaded';
import { More } from '../more';
import { usePaged } from '../paged';
import { may } from '../pages';
import { href, pageHref } from '../router';
import { TicketRow } from '../tickets/ticket-row';
import { customerName } from './names';
import { Panel } from './panel';
import { PrivacyPanel } from './privacy-panel';

/** Of how many visitors of a customer tickets and pages are asked for. */
const VISITORS_MAX = 5;
const TRAIL_SHOWN = 30;

/** All that is known of a customer. */
export function Profile({ id }: { id: string }) {
  const { api } = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const [round, setRound] = useState(0);
  const load = useLoad(`${id} ${round}`, (signal) =>
    api.get<Customer>(`customers/${id}`, {}, { signal }),
  );
  const { state } = load;
  const isGone =
    state.status === 'error' && state.error instanceof ApiError && state.error.status === 404;
  return (
    <div class="people-page">
      <a class="back-link" href={pageHref('customers')}>
        <Icon name="back" size={16} />
        {i18n.t('customers')}
      </a>
      {isGone ? (
        <div class="pane-state">
          <Icon name="lock" size={28} />
          <p>{t('unknownCustomer')}</p>
        </div>
      ) : (
        <Loaded of={load} pane>
          {(customer) => (
            <Known
              customer={customer}
              round={round}
              onOtherCustomer={() => setRound(round + 1)}
            />
          )}
        </Loaded>
      )}
    </div>
  );
}

interface KnownProps {
  customer: Customer;
  round: number;
  onOtherCustomer(): void;
}

function Known({ customer, round, onOtherCustomer }: KnownProps) {
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const me = useDesk().me.value;
  const name = customerName(customer, i18n);
  return (
    <>
      <header class="profile-head">
        <Avatar name={name} seed={customer.id} size={48} />
        <div>
          <h1>{name}</h1>
          <p class="hint">
            {t('knownSince', { time: moment(customer.created_at, i18n) })}
            {' · '}
            {t('changedAt', { time: moment(customer.updated_at, i18n) })}
          </p>
        </div>
      </header>
      <div class="profile">
        <div class="profile-main">
          <Conversations customer={customer} round={round} />
          <OfVisitors customer={customer} round={round} />
        </div>
        <div class="profile-side">
          <Panel title={i18n.t('cardContact')}>
            <CustomerPart
              id={customer.id}
              visitor={null}
              heading={name}
              round={round}
              onOtherCustomer={onOtherCustomer}
            />
          </Panel>
          <Panel title={t('fields')}>
            <Attributes of={customer.attributes} empty={t('noFields')} />
          </Panel>
          {may(me, 'privacy') && (
            <Panel title={t('privacy')}>
              <PrivacyPanel customer={customer} onErased={onOtherCustomer} />
            </Panel>
          )}
          <p class="hint audit-hint">
            <Icon name="shield" size={14} />
            {t('auditHint')}
          </p>
        </div>
      </div>
    </>
  );
}

interface OfCustomerProps {
  customer: Customer;
  round: number;
}

function Conversations({ customer, round }: OfCustomerProps) {
  const { api } = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const path = `customers/${customer.id}/conversations`;
  const paged = usePaged<Conversation>(`${path} ${round}`, (cursor, signal) =>
    api.get<Page<Conversation>>(path, { cursor, limit: 20 }, signal ? { signal } : {}),
  );
  return (
    <Panel title={t('conversations')}>
      <Loaded of={paged.load}>
        {(all) =>
          all.length === 0 ? (
            <p class="details-state">{t('noConversations')}</p>
          ) : (
            <>
              <ul class="profile-rows">
                {all.map((each) => (
                  <li key={each.id}>
                    <a href={href(each.state === 'resolved' ? 'ended' : 'all', each.id)}>
                      <span class="previous-line">
                        <StateTag state={each.state} />
                        <span class="hint">
                          {[each.inbox.name, each.assignee?.name].filter(Boolean).join(' · ')}
                        </span>
                        <time dateTime={each.updated_at}>{moment(each.updated_at, i18n)}</time>
                      </span>
                      <span class="previous-text">
                        {each.last_message
                          ? wordsOf(each.last_message, i18n)
                          : i18n.t('noMessage')}
                      </span>
                    </a>
                  </li>
                ))}
              </ul>
              <More paged={paged} />
            </>
          )
        }
      </Loaded>
    </Panel>
  );
}

/** What belongs to the customer's visitors one by one: tickets and pages. */
function OfVisitors({ customer, round }: OfCustomerProps) {
  const { api, me } = useDesk();
  const path = `customers/${customer.id}/identities`;
  const visitors = useLoad(`${path} ${round}`, async (signal) => {
    const { items } = await api.get<Page<CustomerIdentity>>(path, {}, { signal });
    const own = items.filter(({ kind }) => kind === 'web' || kind === 'signed');
    return own.slice(-VISITORS_MAX).map((identity) => identity.id);
  });
  return (
    <Loaded of={visitors}>
      {(ids) => (
        <>
          {may(me.value, 'tickets') && <Tickets visitors={ids} />}
          <Visits visitors={ids} />
        </>
      )}
    </Loaded>
  );
}

function Tickets({ visitors }: { visitors: readonly string[] }) {
  const { api } = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const load = useLoad(visitors.join(), async (signal) => {
    const pages = visitors.map((requester) =>
      api.get<Page<Ticket>>('tickets', { requester }, { signal }),
    );
    const all = (await Promise.all(pages)).flatMap((page) => page.items);
    return all.sort((a, b) => (a.updated_at < b.updated_at ? 1 : -1));
  });
  return (
    <Panel title={i18n.t('cardTickets')}>
      <Loaded of={load}>
        {(all) =>
          all.length === 0 ? (
            <p class="details-state">{t('noTickets')}</p>
          ) : (
            <ul class="profile-rows">
              {all.map((ticket) => (
                <li key={ticket.id}>
                  <TicketRow ticket={ticket} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  );
}

function Visits({ visitors }: { visitors: readonly string[] }) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const { i18n } = useConsole();
  const load = useLoad(visitors.join(), async (signal) => {
    const pages = visitors.map((visitor) =>
      api.get<Page<PageVisit>>(`visitors/${visitor}/pages`, {}, { signal }),
    );
    const all = (await Promise.all(pages)).flatMap((page) => page.items);
    return all.sort((a, b) => (a.at < b.at ? 1 : -1)).slice(0, TRAIL_SHOWN);
  });
  return (
    <Panel title={t('visits')}>
      <Loaded of={load}>
        {(pages) =>
          pages.length === 0 ? (
            <p class="details-state">{i18n.t('noPages')}</p>
          ) : (
            <Trail pages={pages} />
          )
        }
      </Loaded>
    </Panel>
  );
}
