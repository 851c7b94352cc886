import { useState } from 'preact/hooks';
import { texts } from '../../i18n/chat';
import { Dialog } from '../../ui/dialog';
import { Field } from '../../ui/field';
import { Icon } from '../../ui/icons';
import { useConsole, useTextsOf } from '../context';
import { causeOf } from '../loaded';
import type { PanelProps } from './panel';
import './dialogs.css';

const REASON_CHARS_MIN = 3;
const REASON_CHARS_MAX = 300;

/** Asks why a message has to be seen with nothing masked. */
export default function RevealDialog({ chat, close }: PanelProps) {
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const panel = chat.panel.value;
  const message = panel?.kind === 'reveal' ? panel.message : null;
  const [reason, setReason] = useState('');
  const [sending, setSending] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const enough = [...reason.trim()].length >= REASON_CHARS_MIN;
  if (message === null) return null;
  const submit = async () => {
    if (!enough || sending) return;
    setSending(true);
    try {
      await chat.reveal(message, reason.trim());
      close();
    } catch (cause) {
      setError(causeOf(cause, i18n));
      setSending(false);
    }
  };
  return (
    <Dialog title={t('revealTitle')} onClose={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {message.text !== '' && <blockquote class="dialog-quote">{message.text}</blockquote>}
        <Field label={t('revealReason')} hint={t('revealHint')} error={error}>
          {(ties) => (
            <input
              class="input"
              required
              minLength={REASON_CHARS_MIN}
              maxLength={REASON_CHARS_MAX}
              value={reason}
              onInput={(event) => setReason(event.currentTarget.value)}
              {...ties}
            />
          )}
        </Field>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={close}>
            {t('cancel')}
          </button>
          <button type="submit" class="button is-primary" disabled={!enough || sending}>
            <Icon name="eye" size={16} />
            {t('reveal')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
