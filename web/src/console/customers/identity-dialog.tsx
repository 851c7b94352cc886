import { useState } from 'preact/hooks';
import { texts } from '../../i18n/customers';
import { ApiError } from '../../protocol/agent-api';
import { Field } from '../../ui/field';
import { useConsole, useDesk, useTextsOf } from '../context';
import type { PersonDialogProps } from '../details/customer-part';
import { ConfirmDialog } from './confirm-dialog';

const KINDS = ['phone', 'email', 'wechat_openid', 'wechat_unionid'] as const;
type Kind = (typeof KINDS)[number];
const KIND_TEXTS = {
  phone: 'phone',
  email: 'email',
  wechat_openid: 'identityOpenid',
  wechat_unionid: 'identityUnionid',
} as const;

export function IdentityDialog({ customer, onClose, onIdentities }: PersonDialogProps) {
  const { api } = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const [kind, setKind] = useState<Kind>('phone');
  const [value, setValue] = useState('');
  const [scope, setScope] = useState('');
  const [verified, setVerified] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);
  const hasScope = kind === 'wechat_openid' || kind === 'wechat_unionid';
  const add = async () => {
    setWrong(null);
    const body = { kind, value: value.trim(), verified, ...(hasScope && { scope: scope.trim() }) };
    try {
      await api.post(`customers/${customer.id}/identities`, body);
      onIdentities();
    } catch (error) {
      if (error instanceof ApiError && error.field === 'value') {
        setWrong(t(error.status === 409 ? 'identityTaken' : 'identityWrong'));
      }
      throw error;
    }
  };
  return (
    <ConfirmDialog
      title={t('identityTitle')}
      action={t('add')}
      disabled={value.trim() === '' || (hasScope && scope.trim() === '')}
      onClose={onClose}
      onConfirm={add}
    >
      <Field label={t('identityKind')}>
        {(ties) => (
          <select
            {...ties}
            class="input"
            value={kind}
            onChange={({ currentTarget }) => setKind(currentTarget.value as Kind)}
          >
            {KINDS.map((each) => (
              <option key={each} value={each}>
                {i18n.t(KIND_TEXTS[each])}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={t('identityValue')} error={wrong}>
        {(ties) => (
          <input
            {...ties}
            class="input"
            inputMode={kind === 'phone' ? 'tel' : 'text'}
            autoComplete="off"
            value={value}
            onInput={({ currentTarget }) => setValue(currentTarget.value)}
          />
        )}
      </Field>
      {hasScope && (
        <Field label={t('identityScope')} hint={t('identityScopeHint')}>
          {(ties) => (
            <input
              {...ties}
              class="input"
              autoComplete="off"
              value={scope}
              onInput={({ currentTarget }) => setScope(currentTarget.value)}
            />
          )}
        </Field>
      )}
      <label class="check">
        <input
          type="checkbox"
          checked={verified}
          onChange={({ currentTarget }) => setVerified(currentTarget.checked)}
        />
        <span>
          {t('identitySure')}
          <span class="hint">{t('identitySureHint')}</span>
        </span>
      </label>
    </ConfirmDialog>
  );
}
