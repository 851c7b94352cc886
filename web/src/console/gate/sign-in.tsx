import { useState } from 'preact/hooks';
import { ApiError } from '../../protocol/api';
import { useConsole } from '../context';
import { Field, FormError, Gate } from './gate';

export function SignIn({ needsSetup }: { needsSetup: boolean }) {
  const { session, i18n } = useConsole();
  const { t } = i18n;
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);

  const submit = async () => {
    setBusy(true);
    setError(null);
    try {
      await session.signIn(email.trim(), password);
    } catch (failure) {
      setError(failure as ApiError);
      setBusy(false);
    }
  };
  return (
    <Gate title={t('signInLead')} lead={t('product')}>
      {needsSetup && <p class="gate-note">{t('setupNeeded')}</p>}
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
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
        <FormError text={error && explain(error)} />
        <button type="submit" class="button is-primary" disabled={busy}>
          {busy && <span class="spinner" aria-hidden="true" />}
          {t('signIn')}
        </button>
      </form>
    </Gate>
  );

  function explain(failure: ApiError): string {
    switch (failure.code) {
      case 'unauthorized':
        return t('signInFailed');
      case 'rate_limited':
        return t('signInWait', { n: Math.ceil((failure.retryAfterMs ?? 60_000) / 1000) });
      case 'network':
        return t('unreachable');
      default:
        return t('failedRequest', { detail: failure.message });
    }
  }
}
