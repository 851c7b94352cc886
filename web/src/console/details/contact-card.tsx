import { Avatar } from '../../ui/avatar';
import { useSlow } from '../../ui/hooks';
import { Icon } from '../../ui/icons';
import { moment } from '../../ui/time';
import { useConsole, useDesk, visitorName } from '../context';
import { may } from '../pages';
import { Fact } from './card';
import type { CardProps } from './cards';
import { CustomerPart } from './customer-part';

/** Who one talks to: what the site says of the visitor, and the customer behind it. */
export function ContactCard({ chat, conversation, round, onOtherCustomer }: CardProps) {
  const { i18n } = useConsole();
  const { t } = i18n;
  const me = useDesk().me.value;
  const { visitor } = conversation;
  const name = visitorName(visitor, i18n);
  return (
    <>
      <div class="details-visitor">
        <Avatar name={name} seed={visitor.id} size={44} />
        <div>
          <p class="pane-title">{name}</p>
          <p class={`identity ${visitor.verified ? 'is-verified' : ''}`}>
            <Icon name={visitor.verified ? 'shield' : 'user'} size={14} />
            {t(visitor.verified ? 'verified' : 'unverified')}
          </p>
        </div>
      </div>
      <VisitorFacts chat={chat} />
      {may(me, 'customers') && (
        <CustomerPart
          id={visitor.id}
          visitor={visitor.id}
          heading={name}
          round={round}
          onOtherCustomer={onOtherCustomer}
        />
      )}
    </>
  );
}

function VisitorFacts({ chat }: Pick<CardProps, 'chat'>) {
  const { i18n } = useConsole();
  const { t } = i18n;
  const visitor = chat.visitor.value;
  const slow = useSlow(visitor === 'loading', 150);
  if (visitor === 'loading') {
    return (
      <div class="part-loading" role="status" aria-label={t('loading')}>
        {slow && <div class="skeleton-lines" />}
      </div>
    );
  }
  if (visitor === 'error') {
    return (
      <p class="part-state" role="alert">
        {t('contextFailed')}
        <button type="button" class="link-button" onClick={() => void chat.loadVisitor()}>
          {t('retry')}
        </button>
      </p>
    );
  }
  return (
    <dl class="facts">
      {visitor.external_id && <Fact name={t('externalId')}>{visitor.external_id}</Fact>}
      <Fact name={t('firstSeen')}>
        <time dateTime={visitor.created_at}>{moment(visitor.created_at, i18n)}</time>
      </Fact>
      {visitor.last_seen_at && (
        <Fact name={t('lastSeen')}>
          <time dateTime={visitor.last_seen_at}>{moment(visitor.last_seen_at, i18n)}</time>
        </Fact>
      )}
    </dl>
  );
}
