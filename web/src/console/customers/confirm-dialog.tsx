import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { texts } from '../../i18n/customers';
import { Dialog } from '../../ui/dialog';
import { Icon } from '../../ui/icons';
import { useConsole, useTextsOf } from '../context';
import { causeOf } from '../loaded';
import './customers.css';

interface ConfirmDialogProps {
  title: string;
  /** What the button says that does it. */
  action: string;
  danger?: boolean;
  /** Something is missing before it can be done. */
  disabled?: boolean;
  onClose(): void;
  /** Closes the dialog when it resolves; what it throws is shown. */
  onConfirm(): Promise<void>;
  children: ComponentChildren;
}

/** Says what will happen, and does it once somebody agrees. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const confirm = async () => {
    setBusy(true);
    setError(null);
    try {
      await props.onConfirm();
      props.onClose();
    } catch (failure) {
      setError(causeOf(failure, i18n));
      setBusy(false);
    }
  };
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy && !props.disabled) void confirm();
        }}
      >
        {props.children}
        {error && (
          <p class="form-error" role="alert">
            <Icon name="alert" size={16} />
            {error}
          </p>
        )}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={props.onClose}>
            {t('cancel')}
          </button>
          <button
            type="submit"
            class={`button ${props.danger ? 'is-danger' : 'is-primary'}`}
            disabled={busy || props.disabled}
          >
            {props.action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
