import { useState } from 'preact/hooks';
import { texts } from '../../i18n/tickets';
import type { ExternalKind, ExternalState, ExternalWrite } from '../../protocol/external';
import { type IconName, Icon } from '../../ui/icons';
import { useConsole, useDesk, useTextsOf } from '../context';
import { causeOf } from '../loaded';

const KIND_TEXTS = {
  create: 'externalCreate',
  update: 'externalUpdate',
  comment: 'externalComment',
} as const satisfies Record<ExternalKind, string>;

type Open = Exclude<ExternalState, 'done' | 'dismissed'>;

const STATE_TEXTS = {
  waiting: 'externalWaiting',
  sending: 'externalSending',
  failed: 'externalFailed',
  unknown: 'externalUnknown',
} as const satisfies Record<Open, string>;

const STATE_ICONS = {
  waiting: 'clock',
  sending: 'clock',
  failed: 'alert',
  unknown: 'info',
} as const satisfies Record<Open, IconName>;

/** What is neither done nor done with. */
export function openWrites(writes: readonly ExternalWrite[]) {
  return writes.filter(
    (each): each is ExternalWrite & { state: Open } =>
      each.state !== 'done' && each.state !== 'dismissed',
  );
}

interface ExternalWritesProps {
  writes: readonly ExternalWrite[];
  conversation: string;
  onDecided(): void;
}

/** What was asked of the other system and is not done, with what can be done about it. */
export function ExternalWrites({ writes, conversation, onDecided }: ExternalWritesProps) {
  const { t } = useTextsOf(texts);
  const open = openWrites(writes);
  if (open.length === 0) return null;
  return (
    <ul class="external-writes">
      {open.map((write) => (
        <li key={write.id} class={`is-${write.state}`}>
          <p class="external-write">
            <Icon name={STATE_ICONS[write.state]} size={14} />
            <span>
              {t(KIND_TEXTS[write.kind], { number: write.ticket ?? '', text: write.summary })}
            </span>
          </p>
          <p class="hint">
            {t(STATE_TEXTS[write.state])}
            {write.reason && ` ${write.reason}`}
          </p>
          {(write.state === 'failed' || write.state === 'unknown') && (
            <Decision
              path={`conversations/${conversation}/external-writes/${write.id}`}
              onDecided={onDecided}
            />
          )}
        </li>
      ))}
    </ul>
  );
}

function Decision({ path, onDecided }: { path: string; onDecided(): void }) {
  const { api } = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const decide = async (what: 'repeat' | 'dismiss') => {
    setBusy(true);
    setError(null);
    try {
      await api.post<ExternalWrite>(`${path}/${what}`);
      onDecided();
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  };
  return (
    <div class="external-actions">
      <button
        type="button"
        class="link-button"
        disabled={busy}
        onClick={() => void decide('repeat')}
      >
        {t('externalRepeat')}
      </button>
      <button
        type="button"
        class="link-button"
        disabled={busy}
        onClick={() => void decide('dismiss')}
      >
        {t('externalDismiss')}
      </button>
      {error !== null && (
        <p class="form-error" role="alert">
          <Icon name="alert" size={16} />
          {causeOf(error, i18n)}
        </p>
      )}
    </div>
  );
}
