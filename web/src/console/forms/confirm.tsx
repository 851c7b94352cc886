import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { texts } from '../../i18n/forms';
import { Dialog } from '../../ui/dialog';
import { Icon } from '../../ui/icons';
import { useTextsOf } from '../context';
import { useFailure } from './failure';

interface ConfirmProps {
  title: string;
  children: ComponentChildren;
  /** What the button does, as a verb. */
  action: string;
  danger?: boolean;
  onClose(): void;
  /** Closes when it is done; what it throws is shown. */
  run(): Promise<void>;
}

/** Asks before something that cannot be taken back. */
export function Confirm({ title, children, action, danger = false, onClose, run }: ConfirmProps) {
  const { t } = useTextsOf(texts);
  const failureText = useFailure();
  const [state, setState] = useState<{ busy: boolean; failure: unknown }>({
    busy: false,
    failure: null,
  });
  const go = () => {
    setState({ busy: true, failure: null });
    run().then(onClose, (failure: unknown) => setState({ busy: false, failure }));
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="dialog-stack">
        {children}
        {state.failure !== null && (
          <p class="form-error" role="alert">
            <Icon name="alert" size={16} />
            {failureText(state.failure)}
          </p>
        )}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            {t('cancel')}
          </button>
          <button
            type="button"
            class={`button ${danger ? 'is-danger' : 'is-primary'}`}
            disabled={state.busy}
            onClick={go}
          >
            {action}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
