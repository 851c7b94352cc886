import { useState } from 'preact/hooks';
import { texts } from '../../i18n/profile';
import type { SecondFactor } from '../../protocol/access';
import { Field } from '../../ui/field';
import { Icon } from '../../ui/icons';
import { useLoad } from '../../ui/load';
import { useDesk, useTextsOf } from '../context';
import { Loaded } from '../loaded';
import { Buttons, FactorSetup } from './factor-setup';
import { useRequest } from './request';

/** Whether signing in takes a code, and how to change that. */
export function SecondFactorSection() {
  const desk = useDesk();
  const { t } = useTextsOf(texts);
  const factor = useLoad('totp', (signal) =>
    desk.api.get<SecondFactor>('auth/totp', {}, { signal }),
  );
  return (
    <section class="profile-section" aria-labelledby="profile-factor">
      <h2 id="profile-factor">{t('factor')}</h2>
      <p class="profile-lead">{t('factorLead')}</p>
      <Loaded of={factor}>
        {(value) => <Factor factor={value} onChanged={() => factor.retry()} />}
      </Loaded>
    </section>
  );
}

function Factor({ factor, onChanged }: { factor: SecondFactor; onChanged(): void }) {
  const desk = useDesk();
  const { t, count } = useTextsOf(texts);
  const [changing, setChanging] = useState(false);
  const done = () => {
    setChanging(false);
    onChanged();
  };
  if (changing && factor.enabled) return <TurnOff onDone={done} onCancel={() => setChanging(false)} />;
  if (changing) {
    return <FactorSetup api={desk.api} onDone={done} onCancel={() => setChanging(false)} />;
  }
  return (
    <div class="factor-state">
      <span class={`factor-mark ${factor.enabled ? 'is-on' : ''}`}>
        <Icon name={factor.enabled ? 'shield' : 'lock'} size={18} />
        {t(factor.enabled ? 'factorOn' : 'factorOff')}
      </span>
      {factor.enabled && <span class="hint">{count('codesLeft', factor.recovery_codes)}</span>}
      {!(factor.enabled && factor.required) && (
        <button
          type="button"
          class={`button ${factor.enabled ? '' : 'is-primary'}`}
          onClick={() => setChanging(true)}
        >
          {t(factor.enabled ? 'turnOff' : 'turnOn')}
        </button>
      )}
    </div>
  );
}

function TurnOff({ onDone, onCancel }: { onDone(): void; onCancel(): void }) {
  const desk = useDesk();
  const { t } = useTextsOf(texts);
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const { busy, error, run } = useRequest();
  return (
    <form
      class="factor-form"
      onSubmit={(event) => {
        event.preventDefault();
        void run(async () => {
          await desk.api.delete('auth/totp', {}, { password, code: code.trim() });
          onDone();
        });
      }}
    >
      <p>{t('turnOffLead')}</p>
      <Field label={t('password')}>
        {(ties) => (
          <input
            {...ties}
            type="password"
            class="input"
            autocomplete="current-password"
            required
            value={password}
            onInput={({ currentTarget }) => setPassword(currentTarget.value)}
          />
        )}
      </Field>
      <Field label={t('code')} hint={t('codeOrRecovery')} error={error}>
        {(ties) => (
          <input
            {...ties}
            class="input factor-code"
            type="text"
            autocomplete="one-time-code"
            required
            value={code}
            onInput={({ currentTarget }) => setCode(currentTarget.value)}
          />
        )}
      </Field>
      <Buttons busy={busy} text={t('turnOff')} onCancel={onCancel} />
    </form>
  );
}
