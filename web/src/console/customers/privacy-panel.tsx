import { useState } from 'preact/hooks';
import { texts } from '../../i18n/customers';
import type { Customer, CustomerPrivacy, LegalHold } from '../../protocol/people';
import { Field } from '../../ui/field';
import { Icon } from '../../ui/icons';
import { useLoad } from '../../ui/load';
import { moment } from '../../ui/time';
import { useConsole, useDesk, useTextsOf } from '../context';
import { useAgents } from '../colleagues';
import { Loaded } from '../loaded';
import { ConfirmDialog } from './confirm-dialog';
import { useErasureProgress } from './erasure';
import { customerName } from './names';

interface PrivacyPanelProps {
  customer: Customer;
  /** Nothing of the customer is left to be shown. */
  onErased(): void;
}

/** What the law lets a customer ask for: a copy, to be forgotten; and what stands against it. */
export function PrivacyPanel({ customer, onErased }: PrivacyPanelProps) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const [asked, setAsked] = useState<'erase' | 'hold' | 'release' | null>(null);
  const path = `customers/${customer.id}`;
  const load = useLoad(path, (signal) =>
    api.get<CustomerPrivacy>(`${path}/privacy`, {}, { signal }),
  );
  useErasureProgress(load, onErased);
  const close = () => setAsked(null);
  return (
    <Loaded of={load}>
      {({ hold, erasure }) => (
        <div class="privacy">
          {erasure && <ErasureReport of={erasure} />}
          {hold && <Hold hold={hold} />}
          <div class="customer-actions">
            <a class="button" href={new URL(`${path}/export`, api.root).href} download>
              <Icon name="down" size={16} />
              {t('export')}
            </a>
            {hold ? (
              <button type="button" class="button" onClick={() => setAsked('release')}>
                {t('releaseHold')}
              </button>
            ) : (
              <button type="button" class="button" onClick={() => setAsked('hold')}>
                <Icon name="lock" size={16} />
                {t('putHold')}
              </button>
            )}
            <button
              type="button"
              class="button is-danger"
              disabled={Boolean(hold)}
              aria-describedby={hold ? 'erase-held' : undefined}
              onClick={() => setAsked('erase')}
            >
              <Icon name="trash" size={16} />
              {t('erase')}
            </button>
          </div>
          {hold && (
            <p class="hint" id="erase-held">
              {t('eraseHeld')}
            </p>
          )}
          {asked === 'erase' && (
            <EraseDialog
              customer={customer}
              onClose={close}
              onErased={load.set}
            />
          )}
          {asked === 'hold' && (
            <HoldDialog customer={customer} onClose={close} onHeld={load.set} />
          )}
          {asked === 'release' && (
            <ConfirmDialog
              title={t('releaseHold')}
              action={t('releaseHold')}
              onClose={close}
              onConfirm={async () => {
                await api.delete(`${path}/hold`);
                load.retry();
              }}
            >
              <p>{t('releaseText')}</p>
            </ConfirmDialog>
          )}
        </div>
      )}
    </Loaded>
  );
}

function ErasureReport({ of }: { of: NonNullable<CustomerPrivacy['erasure']> }) {
  const { i18n } = useConsole();
  const { t, count } = useTextsOf(texts);
  const agents = useAgents();
  const by = agents.find((agent) => agent.id === of.by)?.name;
  const isDone = of.state === 'finished';
  return (
    <div class={`report ${isDone ? 'is-done' : ''}`} role="status">
      <Icon name={isDone ? 'check' : 'clock'} size={16} />
      <div>
        <p>{t(isDone ? 'erased' : 'erasing')}</p>
        <p class="hint">{t('erasureAsked', { time: moment(of.asked_at, i18n) })}</p>
        {by && <p class="hint">{by}</p>}
        <p class="hint">{count('erasedEntries', of.entries)}</p>
        {of.finished_at && (
          <p class="hint">{t('erasureDone', { time: moment(of.finished_at, i18n) })}</p>
        )}
      </div>
    </div>
  );
}

function Hold({ hold }: { hold: LegalHold }) {
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const agents = useAgents();
  const by = agents.find((agent) => agent.id === hold.by)?.name;
  return (
    <div class="report is-held">
      <Icon name="lock" size={16} />
      <div>
        <p>{t('held', { reason: hold.reason })}</p>
        <p class="hint">{[moment(hold.at, i18n), by].filter(Boolean).join(' · ')}</p>
        <p class="hint">
          {hold.expires_at
            ? t('heldUntil', { time: moment(hold.expires_at, i18n) })
            : t('heldForever')}
        </p>
      </div>
    </div>
  );
}

interface EraseDialogProps {
  customer: Customer;
  onClose(): void;
  onErased(privacy: CustomerPrivacy): void;
}

function EraseDialog({ customer, onClose, onErased }: EraseDialogProps) {
  const { api } = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const [typed, setTyped] = useState('');
  const name = customerName(customer, i18n);
  return (
    <ConfirmDialog
      title={t('eraseTitle', { name })}
      action={t('eraseAction')}
      danger
      disabled={typed.trim() !== name}
      onClose={onClose}
      onConfirm={async () =>
        onErased(await api.post<CustomerPrivacy>(`customers/${customer.id}/erase`))
      }
    >
      <div class="consequences is-danger">
        <p>{t('eraseWhat')}</p>
        <ul>
          <li>{t('eraseContact')}</li>
          <li>{t('eraseMessages')}</li>
          <li>{t('eraseForever')}</li>
        </ul>
      </div>
      <Field label={t('eraseType', { name })}>
        {(ties) => (
          <input
            {...ties}
            class="input"
            autoComplete="off"
            value={typed}
            onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          />
        )}
      </Field>
    </ConfirmDialog>
  );
}

interface HoldDialogProps {
  customer: Customer;
  onClose(): void;
  onHeld(privacy: CustomerPrivacy): void;
}

function HoldDialog({ customer, onClose, onHeld }: HoldDialogProps) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const [reason, setReason] = useState('');
  const [until, setUntil] = useState('');
  return (
    <ConfirmDialog
      title={t('putHold')}
      action={t('putHold')}
      disabled={reason.trim() === ''}
      onClose={onClose}
      onConfirm={async () => {
        const expires_at = until === '' ? null : new Date(`${until}T23:59:59`).toISOString();
        const body = { reason: reason.trim(), expires_at };
        onHeld(await api.put<CustomerPrivacy>(`customers/${customer.id}/hold`, body));
      }}
    >
      <p>{t('holdText')}</p>
      <Field label={t('holdReason')}>
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
      <Field label={t('holdUntil')} hint={t('holdUntilHint')}>
        {(ties) => (
          <input
            {...ties}
            class="input"
            type="date"
            value={until}
            onInput={({ currentTarget }) => setUntil(currentTarget.value)}
          />
        )}
      </Field>
    </ConfirmDialog>
  );
}
