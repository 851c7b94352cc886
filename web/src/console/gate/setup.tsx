import { useState } from 'preact/hooks';
import { ApiError } from '../../protocol/agent-api';
import { useConsole } from '../context';
import { Field, FormError, Gate } from './gate';
import { go } from '../router';

const PASSWORD_MIN = 10;

/** Makes the first administrator, with the token of the one-time link. */
export function Setup({ token, needed }: { token: string; needed: boolean }) {
  const { session, i18n } = useConsole();
  const { t } = i18n;
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);

  const submit = async () => {
    setBusy(true);
    setError(null);
    try {
      await session.setUp(token, name.trim(), email.trim(), password);
      go('mine');
    } catch (failure) {
      setError(failure as ApiError);
      setBusy(false);
    }
  };
  if (!needed) {
    return (
      <Gate title={t('setupTitle')} lead={t('setupDone')}>
        <a class="button is-primary" href="#/mine">
          {t('signIn')}
        </a>
      </Gate>
    );
  }
  return (
    <Gate title={t('setupTitle')} lead={t('setupLead')}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Field
          label={t('setupName')}
          type="text"
          autocomplete="name"
          value={name}
          onInput={setName}
          focus
        />
        <Field
          label={t('email')}
          type="email"
          autocomplete="username"
          value={email}
          onInput={setEmail}
        />
        <Field
          label={t('password')}
          type="password"
          autocomplete="new-password"
          minLength={PASSWORD_MIN}
          hint={t('setupPasswordHint', { n: PASSWORD_MIN })}
          value={password}
          onInput={setPassword}
        />
        <FormError text={error && explain(error)} />
        <button type="submit" class="button is-primary" disabled={busy}>
          {busy && <span class="spinner" aria-hidden="true" />}
          {t('setupCreate')}
        </button>
      </form>
    </Gate>
  );

  function explain(failure: ApiError): string {
    if (failure.status === 401 || failure.status === 403) return t('setupBadLink');
    if (failure.status === 409) return t('setupDone');
    if (failure.status === 0) return t('unreachable');
    return t('failedRequest', { detail: failure.message });
  }
}
