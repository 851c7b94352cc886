import type { CustomerIdentity, CustomerMerge } from '../../protocol/people';
import { Icon } from '../../ui/icons';
import { moment } from '../../ui/time';
import { useConsole } from '../context';

const IDENTITY_TEXTS = {
  web: 'identityWeb',
  signed: 'identitySigned',
  wechat_openid: 'identityOpenid',
  wechat_unionid: 'identityUnionid',
  phone: 'phone',
  email: 'email',
} as const;

interface IdentitiesProps {
  items: readonly CustomerIdentity[];
  onRemove(identity: CustomerIdentity): void;
}

/** How a customer is known; what is no visitor can be taken away. */
export function Identities({ items, onRemove }: IdentitiesProps) {
  const { t } = useConsole().i18n;
  return (
    <ul class="identities" aria-label={t('identities')}>
      {items.map((identity) => {
        const { id, kind, value, verified } = identity;
        const isVisitor = kind === 'web' || kind === 'signed';
        const name = value || `…${id.slice(-4)}`;
        return (
          <li key={id}>
            <span class="identity-kind">{t(IDENTITY_TEXTS[kind])}</span>
            <span class="identity-value">{name}</span>
            {verified && <Icon name="shield" size={14} label={t('identityVerified')} />}
            {!isVisitor && (
              <button
                type="button"
                class="icon-button is-small"
                aria-label={t('removeIdentity', { value: name })}
                title={t('removeIdentity', { value: name })}
                onClick={() => onRemove(identity)}
              >
                <Icon name="close" size={14} />
              </button>
            )}
          </li>
        );
      })}
    </ul>
  );
}

interface MergesProps {
  merges: readonly CustomerMerge[];
  onUndo(merge: CustomerMerge): void;
}

/** Who was found to be the same person, each of which can be undone. */
export function Merges({ merges, onUndo }: MergesProps) {
  const { i18n } = useConsole();
  const { t } = i18n;
  // Customers that were merged together share the id.
  const single = merges.filter(
    (merge, index) => merges.findIndex((each) => each.merge_id === merge.merge_id) === index,
  );
  if (single.length === 0) return null;
  return (
    <ul class="identities" aria-label={t('merges')}>
      {single.map((merge) => (
        <li key={merge.merge_id}>
          <Icon name="merge" size={14} />
          <span class="identity-value">{t('mergedAt', { time: moment(merge.at, i18n) })}</span>
          <button type="button" class="link-button" onClick={() => onUndo(merge)}>
            {t('undoMerge')}
          </button>
        </li>
      ))}
    </ul>
  );
}
