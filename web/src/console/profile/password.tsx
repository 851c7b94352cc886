import { useState } from 'preact/hooks';
import { texts } from '../../i18n/profile';
import { Field } from '../../ui/field';
import { useDesk, useTextsOf } from '../context';
import { passwordProblem } from '../forms/password-rules';
import { Buttons } from './factor-setup';
import { useRequest } from './request';

/** An agent's own password, and how to change it. */
export function PasswordSection({ onChanged }: { onChanged(): void }) {
  const { t, count } = useTextsOf(texts);
  const [changing, setChanging] = useState(false);
  const [ended, setEnded] = useState<number | null>(null);
  return (
    <section class="profile-section" aria-labelledby="profile-password">
      <h2 id="profile-password">{t('password')}</h2>
      <p class="profile-lead">{t('newPasswordLead')}</p>
      <p role="status">
        {ended !== null && t('passwordChanged')}
        {ended !== null && ended > 0 && ` ${count('sessionsEnded', ended)}`}
      </p>
      {changing ? (
        <PasswordForm
          onCancel={() => setChanging(false)}
          onDone={(sessions) => {
            setChanging(false);
            setEnded(sessions);
            onChanged();
          }}
        />
      ) : (
        <div>
          <button
            type="button"
            class="button"
            onClick={() => {
              setEnded(null);
              setChanging(true);
            }}
          >
            {t('passwordChange')}
          </button>
        </div>
      )}
    </section>
  );
}

interface PasswordFormProps {
  onDone(sessionsEnded: number): void;
  onCancel(): void;
}

function PasswordForm({ onDone, onCancel }: PasswordFormProps) {
  const { api, me } = useDesk();
  const { t } = useTextsOf(texts);
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const [shown, setShown] = useState(false);
  const [tried, setTried] = useState(false);
  const { busy, error, field, run } = useRequest();
  const wrong = !tried
    ? null
    : passwordProblem(password)
      ? t('passwordLength')
      : password === current
        ? t('passwordSame')
        : null;
  // What says nothing of a field stands with the last one.
  const isOfCurrent = field === 'current';
  return (
    <form
      class="factor-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (current === '' || passwordProblem(password) || password === current) return;
        void run(async () => {
          const body = { current, password };
          const { sessions_ended: ended } = await api.put<{ sessions_ended: number }>(
            'auth/password',
            body,
          );
          onDone(ended);
        });
      }}
    >
      {/* For the browser to know whose password it keeps. */}
      <input type="text" autocomplete="username" value={me.value.email} readOnly hidden />
      <Field
        label={t('currentPassword')}
        error={(isOfCurrent && error) || (tried && current === '' ? t('passwordMissing') : null)}
      >
        {(ties) => (
          <input
            {...ties}
            class="input"
            type="password"
            autocomplete="current-password"
            value={current}
            onInput={({ currentTarget }) => setCurrent(currentTarget.value)}
          />
        )}
      </Field>
      <Field
        label={t('newPassword')}
        hint={t('passwordLength')}
        error={wrong ?? (isOfCurrent ? null : error)}
      >
        {(ties) => (
          <div class="password-new">
            <input
              {...ties}
              class="input"
              {...({ type: shown ? 'text' : 'password' } as { type: 'text' })}
              autocomplete="new-password"
              value={password}
              onInput={({ currentTarget }) => setPassword(currentTarget.value)}
            />
            <button
              type="button"
              class="button"
              aria-pressed={shown}
              onClick={() => setShown(!shown)}
            >
              {t('passwordShow')}
            </button>
          </div>
        )}
      </Field>
      <Buttons busy={busy} text={t('passwordChange')} onCancel={onCancel} />
    </form>
  );
}
