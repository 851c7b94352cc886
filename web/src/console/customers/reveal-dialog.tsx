import { useState } from 'preact/hooks';
import { texts } from '../../i18n/customers';
import { Field } from '../../ui/field';
import { useDesk, useTextsOf } from '../context';
import { ConfirmDialog } from './confirm-dialog';

const REASON_MIN = 3;
const REASON_MAX = 300;

interface RevealDialogProps<T> {
  path: string;
  onClose(): void;
  onRevealed(revealed: T): void;
}

/** Asks why personal data has to be seen in clear; the answer goes into the audit log. */
export function RevealDialog<T>({ path, onClose, onRevealed }: RevealDialogProps<T>) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const [reason, setReason] = useState('');
  return (
    <ConfirmDialog
      title={t('revealTitle')}
      action={t('revealAction')}
      disabled={[...reason.trim()].length < REASON_MIN}
      onClose={onClose}
      onConfirm={async () => onRevealed(await api.post<T>(path, { reason: reason.trim() }))}
    >
      <Field label={t('revealReason')} hint={t('revealHint')}>
        {(ties) => (
          <input
            {...ties}
            class="input"
            required
            minLength={REASON_MIN}
            maxLength={REASON_MAX}
            value={reason}
            onInput={({ currentTarget }) => setReason(currentTarget.value)}
          />
        )}
      </Field>
    </ConfirmDialog>
  );
}
