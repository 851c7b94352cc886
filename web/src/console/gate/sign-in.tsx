import { useState } from 'preact/hooks';
import { ApiError } from '../../protocol/agent-api';
import { useConsole } from '../context';
import { Field, FormError, Gate } from './gate';

export function SignIn({ needsSetup }: { needsSetup: boolean }) {
  const { session, i18n } = useConsole();
  const { t } = i18n;
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  /** Null until the server asks for one. */
  const [code, setCode] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);

  const submit = async () => {
    setBusy(true);
    setError(null);
    try {
      await session.signIn(email.trim(), password, code?.trim());
    } catch (failure) {
      const refused = failure as ApiError;
      const asksForCode = refused.status === 401 && refused.field === 'code';
      if (asksForCode) setCode('');
      // The first time it is no failure but the next step.
      setError(asksForCode && code === null ? null : refused);
      setBusy(false);
    }
  };
  const startOver = () => {
    setCode(null);
    setPassword('');
    setError(null);
  };
  return (
    <Gate title={t('signInLead')} lead={code === null ? t('product') : t('codeLead')}>
      {needsSetup && <p class="gate-note">{t('setupNeeded')}</p>}
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {code === null ? (
          <>
            <Field
              label={t('email')}
              type="email"
              autocomplete="username"
              value={email}
              onInput={setEmail}
              focus
            />
            <Field
              label={t('password')}
              type="password"
              autocomplete="current-password"
              value={password}
              onInput={setPassword}
            />
          </>
        ) : (
          <Field
            label={t('codeLabel')}
            type="text"
            autocomplete="one-time-code"
            value={code}
            onInput={setCode}
            focus
          />
        )}
        <FormError text={error && explain(error)} />
        <button type="submit" class="button is-primary" disabled={busy}>
          {busy && <span class="spinner" aria-hidden="true" />}
          {t('signIn')}
        </button>
        {code !== null && (
          <button type="button" class="link-button" onClick={startOver}>
            {t('codeBack')}
          </button>
        )}
      </form>
    </Gate>
  );

  function explain(failure: ApiError): string {
    switch (failure.code) {
      case 'unauthorized':
        return t(failure.field === 'code' ? 'codeWrong' : 'signInFailed');
      case 'rate_limited':
        return t('signInWait', { n: Math.ceil((failure.retryAfterMs ?? 60_000) / 1000) });
      case 'network':
        return t('unreachable');
      default:
        return t('failedRequest', { detail: failure.message });
    }
  }
}
