import { useState } from 'preact/hooks';
import { texts } from '../../i18n/chat';
import { Dialog } from '../../ui/dialog';
import { Field } from '../../ui/field';
import { Icon } from '../../ui/icons';
import { useConsole, useTextsOf } from '../context';
import { causeOf } from '../loaded';
import type { PanelProps } from './panel';
import './dialogs.css';

/** A note for the agent who has the conversation. */
export default function WhisperDialog({ chat, conversation, close }: PanelProps) {
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const [text, setText] = useState('');
  const [sending, setSending] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const name = conversation.assignee?.name ?? '';
  const submit = async () => {
    if (text.trim() === '' || sending) return;
    setSending(true);
    try {
      await chat.handling.whisper(text.trim());
      close();
    } catch (cause) {
      setError(causeOf(cause, i18n));
      setSending(false);
    }
  };
  return (
    <Dialog title={t('whisperTitle', { name })} onClose={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Field label={t('whisperText')} hint={t('whisperHint', { name })} error={error}>
          {(ties) => (
            <textarea
              class="input"
              rows={3}
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
              onKeyDown={(event) => {
                if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
                event.preventDefault();
                void submit();
              }}
              {...ties}
            />
          )}
        </Field>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={close}>
            {t('cancel')}
          </button>
          <button type="submit" class="button is-primary" disabled={sending || text.trim() === ''}>
            <Icon name="whisper" size={16} />
            {t('whisperSend')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
