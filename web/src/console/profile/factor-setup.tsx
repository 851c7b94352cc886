import { useState } from 'preact/hooks';
import { texts } from '../../i18n/profile';
import type { FactorSecret } from '../../protocol/access';
import type { AgentApi } from '../../protocol/agent-api';
import { Field } from '../../ui/field';
import { Icon } from '../../ui/icons';
import { useTextsOf } from '../context';
import { CopyButton } from './copy-button';
import './profile.css';
import { useRequest } from './request';

/** Each step begins where something is to be typed. */
const focus = (field: HTMLInputElement | null) => field?.focus();

type Step =
  | { name: 'password' }
  | { name: 'code'; secret: FactorSecret }
  | { name: 'recovery'; codes: readonly string[] };

interface FactorSetupProps {
  api: AgentApi;
  onDone(): void;
  onCancel?: () => void;
}

/** Password, then key and first code, then the recovery codes. */
export function FactorSetup({ api, onDone, onCancel }: FactorSetupProps) {
  const [step, setStep] = useState<Step>({ name: 'password' });
  switch (step.name) {
    case 'password':
      return (
        <PasswordStep
          api={api}
          onCancel={onCancel}
          onDone={(secret) => setStep({ name: 'code', secret })}
        />
      );
    case 'code':
      return (
        <CodeStep
          api={api}
          secret={step.secret}
          onCancel={onCancel}
          onDone={(codes) => setStep({ name: 'recovery', codes })}
        />
      );
    case 'recovery':
      return <Recovery codes={step.codes} onDone={onDone} />;
  }
}

interface StepProps<T> {
  api: AgentApi;
  onDone(value: T): void;
  onCancel: (() => void) | undefined;
}

function PasswordStep({ api, onDone, onCancel }: StepProps<FactorSecret>) {
  const { t } = useTextsOf(texts);
  const [password, setPassword] = useState('');
  const { busy, error, run } = useRequest();
  return (
    <form
      class="factor-form"
      onSubmit={(event) => {
        event.preventDefault();
        void run(async () => onDone(await api.post<FactorSecret>('auth/totp', { password })));
      }}
    >
      <p>{t('passwordLead')}</p>
      <Field label={t('password')} error={error}>
        {(ties) => (
          <input
            {...ties}
            ref={focus}
            type="password"
            class="input"
            autocomplete="current-password"
            required
            value={password}
            onInput={({ currentTarget }) => setPassword(currentTarget.value)}
          />
        )}
      </Field>
      <Buttons busy={busy} text={t('next')} onCancel={onCancel} />
    </form>
  );
}

function CodeStep({
  api,
  secret,
  onDone,
  onCancel,
}: StepProps<readonly string[]> & { secret: FactorSecret }) {
  const { t } = useTextsOf(texts);
  const [code, setCode] = useState('');
  const { busy, error, run } = useRequest();
  return (
    <form
      class="factor-form"
      onSubmit={(event) => {
        event.preventDefault();
        void run(async () => {
          const body = { code: code.replaceAll(' ', '') };
          const answer = await api.post<{ recovery_codes: string[] }>('auth/totp/confirm', body);
          onDone(answer.recovery_codes);
        });
      }}
    >
      <p>{t('secretLead')}</p>
      <dl class="factor-secret">
        <dt>{t('secret')}</dt>
        <dd>
          <code>{secret.secret.match(/.{1,4}/g)?.join(' ')}</code>
          <CopyButton text={secret.secret} />
        </dd>
      </dl>
      <a class="button" href={secret.uri}>
        <Icon name="key" size={16} />
        {t('openApp')}
      </a>
      <Field label={t('code')} hint={t('codeHint')} error={error}>
        {(ties) => (
          <input
            {...ties}
            ref={focus}
            class="input factor-code"
            type="text"
            inputMode="numeric"
            autocomplete="one-time-code"
            required
            value={code}
            onInput={({ currentTarget }) => setCode(currentTarget.value)}
          />
        )}
      </Field>
      <Buttons busy={busy} text={t('confirm')} onCancel={onCancel} />
    </form>
  );
}

function Recovery({ codes, onDone }: { codes: readonly string[]; onDone(): void }) {
  const { t } = useTextsOf(texts);
  return (
    <div class="factor-form">
      <p class="pane-title">{t('recovery')}</p>
      <p>{t('recoveryLead')}</p>
      <ul class="recovery-codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <div class="factor-buttons">
        <button type="button" class="button is-primary" onClick={onDone}>
          {t('recoveryKept')}
        </button>
        <CopyButton text={codes.join('\n')} />
      </div>
    </div>
  );
}

interface ButtonsProps {
  busy: boolean;
  text: string;
  onCancel: (() => void) | undefined;
}

export function Buttons({ busy, text, onCancel }: ButtonsProps) {
  const { t } = useTextsOf(texts);
  return (
    <div class="factor-buttons">
      <button type="submit" class="button is-primary" disabled={busy}>
        {busy && <span class="spinner" aria-hidden="true" />}
        {text}
      </button>
      {onCancel && (
        <button type="button" class="button" onClick={onCancel}>
          {t('cancel')}
        </button>
      )}
    </div>
  );
}
