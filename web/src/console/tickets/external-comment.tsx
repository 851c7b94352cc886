import { useState } from 'preact/hooks';
import { texts } from '../../i18n/tickets';
import type { ExternalWrite } from '../../protocol/external';
import { uuid } from '../../protocol/uuid';
import { Icon } from '../../ui/icons';
import { useConsole, useDesk, useTextsOf } from '../context';
import { causeOf } from '../loaded';

const TEXT_MAX = 16_384;

/** A comment for a ticket in the other system. */
export function ExternalComment({ path, onAsked }: { path: string; onAsked(): void }) {
  const { api } = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const [text, setText] = useState('');
  // A second try after an answer that was lost makes no second comment.
  const [clientId, setClientId] = useState(uuid);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const send = async () => {
    if (text.trim() === '' || busy) return;
    setBusy(true);
    setError(null);
    try {
      await api.post<ExternalWrite>(path, { client_id: clientId, text: text.trim() });
      onAsked();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <form
      class="comment-form"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <textarea
        class="input"
        maxLength={TEXT_MAX}
        aria-label={t('comment')}
        placeholder={t('writeComment')}
        readOnly={busy}
        value={text}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
          if (error !== null) setClientId(uuid());
          setError(null);
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
          event.preventDefault();
          void send();
        }}
      />
      {error !== null && (
        <p class="form-error" role="alert">
          <Icon name="alert" size={16} />
          {t('commentKept', { cause: causeOf(error, i18n) })}
        </p>
      )}
      <div class="form-buttons">
        <span class="hint">{t('commentKeys')}</span>
        <button type="submit" class="button is-primary" disabled={text.trim() === '' || busy}>
          {error !== null ? i18n.t('retry') : t('addComment')}
        </button>
      </div>
    </form>
  );
}
