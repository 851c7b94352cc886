import { useEffect } from 'preact/hooks';
import { Icon } from '../ui/icons';
import { useSlow } from '../ui/hooks';
import { DeskProvider, useConsole } from './context';
import { DeskView } from './shell/desk-view';
import { route } from './router';
import { Enrol } from './gate/enrol';
import { Setup } from './gate/setup';
import { SignIn } from './gate/sign-in';

export function App() {
  const { session } = useConsole();
  const state = session.state.value;
  const { setup } = route.value;
  switch (state.kind) {
    case 'loading':
      return <Splash />;
    case 'unreachable':
      return <Unreachable />;
    case 'signed-out':
      return setup === null ? (
        <SignIn needsSetup={state.needsSetup} />
      ) : (
        <Setup token={setup} needed={state.needsSetup} />
      );
    case 'enrolling':
      return <Enrol api={state.api} />;
    case 'signed-in':
      return (
        <DeskProvider value={state.desk}>
          <DeskView />
        </DeskProvider>
      );
  }
}

function Splash() {
  const { t } = useConsole().i18n;
  const slow = useSlow(true, 300);
  return (
    <main class="gate" aria-busy="true" aria-label={t('loading')}>
      {slow && <span class="spinner" />}
    </main>
  );
}

function Unreachable() {
  const { session, i18n } = useConsole();
  useEffect(() => {
    const again = () => void session.check();
    window.addEventListener('online', again);
    return () => window.removeEventListener('online', again);
  }, [session]);
  return (
    <main class="gate">
      <div class="pane-state" role="alert">
        <Icon name="alert" size={32} />
        <p>{i18n.t('unreachable')}</p>
        <button type="button" class="button" onClick={() => void session.check()}>
          {i18n.t('retry')}
        </button>
      </div>
    </main>
  );
}
