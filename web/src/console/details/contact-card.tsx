import { Avatar } from '../../ui/avatar';
import { Icon } from '../../ui/icons';
import { useConsole, useDesk, visitorName } from '../context';
import { may } from '../pages';
import type { CardProps } from './cards';
import { CustomerPart } from './customer-part';
import { VisitorFacts } from './visitor-facts';

/** Who one talks to: what the site says of the visitor, and the customer behind it. */
export function ContactCard({ chat, conversation, round, onOtherCustomer }: CardProps) {
  const { i18n } = useConsole();
  const { t } = i18n;
  const me = useDesk().me.value;
  const { visitor } = conversation;
  const name = visitorName(visitor, i18n);
  const known = chat.visitor.value;
  const number = typeof known === 'string' ? null : known.external_id;
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
          {number && (
            <p class="hint">
              {t('externalId')} {number}
            </p>
          )}
        </div>
      </div>
      {may(me, 'customers') ? (
        <CustomerPart
          id={visitor.id}
          visitor={visitor.id}
          heading={name}
          round={round}
          onOtherCustomer={onOtherCustomer}
        />
      ) : (
        <VisitorFacts chat={chat} />
      )}
    </>
  );
}
