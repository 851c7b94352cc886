import { useState } from 'preact/hooks';
import { texts } from '../../i18n/customers';
import { ApiError } from '../../protocol/agent-api';
import type { Block } from '../../protocol/people';
import type { Page } from '../../protocol/types';
import { Field } from '../../ui/field';
import { useLoad } from '../../ui/load';
import { moment } from '../../ui/time';
import { useConsole, useDesk, useTextsOf } from '../context';
import type { PersonDialogProps } from '../details/customer-part';
import { useAgents } from '../colleagues';
import { Loaded, notifyFailure } from '../loaded';
import { ConfirmDialog } from './confirm-dialog';
import { customerName } from './names';

type Target = 'customer' | 'visitor' | 'address';
const DURATIONS = [
  ['blockDay', 1],
  ['blockWeek', 7],
  ['blockMonth', 30],
  ['blockForever', null],
] as const;
const DAY_MS = 86_400_000;

/** Keeps somebody out, and shows who is kept out already. */
export function BlockDialog({ customer, visitor, onClose }: PersonDialogProps) {
  const { api } = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const [target, setTarget] = useState<Target>('customer');
  const [address, setAddress] = useState('');
  const [reason, setReason] = useState('');
  const [days, setDays] = useState<number | null>(1);
  const [wrong, setWrong] = useState<string | null>(null);
  const block = async () => {
    setWrong(null);
    const whom = {
      customer: { customer_id: customer.id },
      visitor: { visitor_id: visitor },
      address: { address: address.trim() },
    }[target];
    const expires_at = days === null ? null : new Date(Date.now() + days * DAY_MS).toISOString();
    try {
      await api.post<Block>('blocks', { ...whom, reason: reason.trim(), expires_at });
    } catch (error) {
      if (error instanceof ApiError && error.field === 'address') setWrong(t('addressWrong'));
      throw error;
    }
  };
  const choice = (value: Target, text: string, hint: string) => (
    <label class="check">
      <input
        type="radio"
        name="target"
        checked={target === value}
        onChange={() => setTarget(value)}
      />
      <span>
        {text}
        <span class="hint">{hint}</span>
      </span>
    </label>
  );
  return (
    <ConfirmDialog
      title={t('blockTitle')}
      action={t('blockAction')}
      danger
      disabled={target === 'address' && address.trim() === ''}
      onClose={onClose}
      onConfirm={block}
    >
      <Blocks of={customer.id} visitor={visitor} />
      <fieldset class="choices">
        <legend class="field-label">{t('blockWhom')}</legend>
        {choice('customer', customerName(customer, i18n), t('blockCustomerHint'))}
        {visitor !== null && choice('visitor', t('blockVisitor'), t('blockVisitorHint'))}
        {choice('address', t('blockAddress'), t('blockAddressHint'))}
      </fieldset>
      {target === 'address' && (
        <Field label={t('address')} hint={t('addressHint')} error={wrong}>
          {(ties) => (
            <input
              {...ties}
              class="input"
              autoComplete="off"
              value={address}
              onInput={({ currentTarget }) => setAddress(currentTarget.value)}
            />
          )}
        </Field>
      )}
      <Field label={t('blockReason')}>
        {(ties) => (
          <input
            {...ties}
            class="input"
            maxLength={500}
            value={reason}
            onInput={({ currentTarget }) => setReason(currentTarget.value)}
          />
        )}
      </Field>
      <Field label={t('blockFor')}>
        {(ties) => (
          <select
            {...ties}
            class="input"
            value={String(days)}
            onChange={({ currentTarget: { value } }) =>
              setDays(value === 'null' ? null : Number(value))
            }
          >
            {DURATIONS.map(([text, value]) => (
              <option key={text} value={String(value)}>
                {t(text)}
              </option>
            ))}
          </select>
        )}
      </Field>
    </ConfirmDialog>
  );
}

/** What keeps this customer out by now, and which addresses are blocked. */
function Blocks({ of, visitor }: { of: string; visitor: string | null }) {
  const desk = useDesk();
  const { i18n } = useConsole();
  const { t, count } = useTextsOf(texts);
  const agents = useAgents();
  const load = useLoad('blocks', async (signal) => {
    const { items } = await desk.api.get<Page<Block>>('blocks', {}, { signal });
    return items;
  });
  const end = async ({ id }: Block) => {
    try {
      await desk.api.delete(`blocks/${id}`);
      load.retry();
    } catch (error) {
      notifyFailure(desk, error);
    }
  };
  const list = (blocks: readonly Block[]) => (
    <ul class="blocks">
      {blocks.map((block) => (
        <li key={block.id}>
          <span>
            {block.address ?? t(block.customer_id ? 'blockedCustomer' : 'blockedVisitor')}
            <span class="hint">
              {[
                block.reason,
                agents.find((agent) => agent.id === block.made_by)?.name,
                block.expires_at
                  ? t('blockedUntil', { time: moment(block.expires_at, i18n) })
                  : t('blockForever'),
              ]
                .filter(Boolean)
                .join(' · ')}
            </span>
          </span>
          <button type="button" class="button" onClick={() => void end(block)}>
            {t('unblock')}
          </button>
        </li>
      ))}
    </ul>
  );
  return (
    <Loaded of={load}>
      {(all) => {
        const own = all.filter(
          (block) =>
            block.customer_id === of ||
            block.visitor_id === of ||
            (visitor !== null && block.visitor_id === visitor),
        );
        const addresses = all.filter((block) => block.address);
        return (
          <>
            {own.length > 0 && list(own)}
            {addresses.length > 0 && (
              <details class="more-blocks">
                <summary>{count('blockedAddresses', addresses.length)}</summary>
                {list(addresses)}
              </details>
            )}
          </>
        );
      }}
    </Loaded>
  );
}
