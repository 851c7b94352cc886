import { h } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { AgentApi } from '../../protocol/agent-api';
import { useSlow } from '../../ui/hooks';
import { useConsole } from '../context';
import type { FactorSetup } from '../profile/factor-setup';
import { Gate } from './gate';

type Loaded = { View: typeof FactorSetup } | 'loading' | 'error';

/** Has an agent set up the second factor that the server demands. */
export function Enrol({ api }: { api: AgentApi }) {
  const { session, i18n } = useConsole();
  const { t } = i18n;
  const [loaded, setLoaded] = useState<Loaded>('loading');
  const slow = useSlow(loaded === 'loading', 150);
  const load = () => {
    setLoaded('loading');
    import('../profile/factor-setup').then(
      ({ FactorSetup: View }) => setLoaded({ View }),
      () => setLoaded('error'),
    );
  };
  useEffect(load, []);
  return (
    <Gate title={t('enrolTitle')} lead={t('enrolLead')}>
      {loaded === 'loading' && slow && <span class="spinner" aria-label={t('loading')} role="img" />}
      {loaded === 'error' && (
        <div class="pane-state" role="alert">
          <p>{t('pageFailed')}</p>
          <button type="button" class="button" onClick={load}>
            {t('retry')}
          </button>
        </div>
      )}
      {typeof loaded === 'object' &&
        h(loaded.View, { api, onDone: () => void session.check() })}
      <button type="button" class="link-button" onClick={() => void session.signOut()}>
        {t('signOut')}
      </button>
    </Gate>
  );
}
