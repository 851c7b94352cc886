import { useState } from 'preact/hooks';
import { texts } from '../../i18n/profile';
import { ApiError } from '../../protocol/agent-api';
import { useConsole, useTextsOf } from '../context';

/** A request of a form about passwords and codes, and why it was refused. */
export function useRequest() {
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  /** The field that the server blames. */
  const [field, setField] = useState<string | null>(null);
  const run = async (request: () => Promise<void>) => {
    setBusy(true);
    setError(null);
    setField(null);
    try {
      await request();
    } catch (failure) {
      setError(explain(failure));
      if (failure instanceof ApiError) setField(failure.field);
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, field, run };

  function explain(failure: unknown): string {
    if (!(failure instanceof ApiError)) throw failure;
    const isPassword = failure.field === 'password' || failure.field === 'current';
    if (isPassword && failure.status === 403) return t('passwordWrong');
    if (failure.field === 'password') return t('passwordUnfit');
    if (failure.field === 'code') return t('codeWrong');
    if (failure.status === 0) return i18n.t('unreachable');
    if (failure.status === 429) {
      return t('wait', { n: Math.ceil((failure.retryAfterMs ?? 60_000) / 1000) });
    }
    return i18n.t('failedRequest', { detail: failure.message });
  }
}
