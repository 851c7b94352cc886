import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useSlow } from '../../ui/hooks';
import { useConsole } from '../context';

interface Closable {
  close(): void;
}

/** A part that is loaded when it is first wanted, or why it is not there. */
export function lazy<P extends Closable>(
  load: () => Promise<{ default: ComponentType<P> }>,
): ComponentType<P> {
  let View: ComponentType<P> | null = null;
  return function Lazy(props: P) {
    const { t } = useConsole().i18n;
    const [state, setState] = useState<'loading' | 'ready' | 'error'>(View ? 'ready' : 'loading');
    const slow = useSlow(state === 'loading', 150);
    const start = () => {
      setState('loading');
      load().then(
        (module) => {
          View = module.default;
          setState('ready');
        },
        () => setState('error'),
      );
    };
    useEffect(() => {
      if (state === 'loading') start();
    }, []);
    if (View && state === 'ready') return <View {...props} />;
    if (state === 'error') {
      return (
        <div class="lazy-state" role="alert">
          <span>{t('pageFailed')}</span>
          <button type="button" class="link-button" onClick={start}>
            {t('retry')}
          </button>
          <button type="button" class="link-button" onClick={() => props.close()}>
            {t('close')}
          </button>
        </div>
      );
    }
    return slow ? (
      <div class="lazy-state" role="status" aria-label={t('loading')}>
        <span class="spinner" />
      </div>
    ) : null;
  };
}
