import { useState } from 'preact/hooks';
import { ApiError } from '../../protocol/agent-api';
import type { AuditVerdict } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { number } from '../../ui/numbers';
import { clock } from '../../ui/time';
import { useConsole, useDesk } from '../context';
import { causeOf } from '../loaded';
import { useAuditTexts } from './texts';

/** It reads the whole log. */
const TIMEOUT_MS = 300_000;

type State =
  | { kind: 'idle' | 'checking' }
  | { kind: 'checked'; verdict: AuditVerdict; at: number }
  | { kind: 'error'; error: unknown };

/** Whether every line follows from the one before it. */
export function Verify() {
  const { api } = useDesk();
  const { i18n } = useConsole();
  const { t } = useAuditTexts();
  const [state, setState] = useState<State>({ kind: 'idle' });
  const check = async () => {
    setState({ kind: 'checking' });
    try {
      const verdict = await api.get<AuditVerdict>('audit/verify', {}, { timeoutMs: TIMEOUT_MS });
      setState({ kind: 'checked', verdict, at: Date.now() });
    } catch (error) {
      setState({ kind: 'error', error });
    }
  };
  const busy = (error: unknown) => error instanceof ApiError && error.status === 429;
  return (
    <section class="audit-verify" aria-label={t('chain')}>
      <div>
        <h2>{t('chain')}</h2>
        <p class="hint">{t('chainHint')}</p>
      </div>
      <button
        type="button"
        class="button"
        disabled={state.kind === 'checking'}
        onClick={() => void check()}
      >
        {state.kind === 'checking' ? (
          <span class="spinner" aria-hidden="true" />
        ) : (
          <Icon name="shield" size={16} />
        )}
        {t(state.kind === 'checking' ? 'checking' : 'check')}
      </button>
      <div class="audit-verdict" role="status">
        {state.kind === 'checked' && <Verdict verdict={state.verdict} at={state.at} />}
        {state.kind === 'error' && (
          <p class="form-error">
            <Icon name="alert" size={16} />
            {busy(state.error) ? t('checkedAlready') : causeOf(state.error, i18n)}
          </p>
        )}
      </div>
    </section>
  );
}

function Verdict({ verdict, at }: { verdict: AuditVerdict; at: number }) {
  const { t, locale } = useAuditTexts();
  const lines = number(verdict.lines, locale.value);
  const broken = number(verdict.broken_at ?? null, locale.value);
  return (
    <div class={verdict.whole ? 'is-whole' : 'is-broken'}>
      <p>
        <Icon name={verdict.whole ? 'check' : 'alert'} size={16} />
        <strong>
          {verdict.whole ? t('whole', { lines }) : t('broken', { line: broken, lines })}
        </strong>
        <span class="hint">{t('checkedAt', { time: clock(at) })}</span>
      </p>
      <p class="hint">
        {t('head')} <code>{`${verdict.lines}:${verdict.head}`}</code>
      </p>
    </div>
  );
}
