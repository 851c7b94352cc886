import { type ComponentType, h } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useSlow } from '../ui/hooks';
import { Icon } from '../ui/icons';
import { useConsole } from './context';

type Loading<P> = { Part: ComponentType<P> } | 'loading' | 'error';

/** A part that is not in the first load: it is fetched when it is first shown. */
export function lazyPart<P extends object>(
  load: () => Promise<{ default: ComponentType<P> }>,
): ComponentType<P> {
  let ready: ComponentType<P> | null = null;
  return function LazyPart(props: P) {
    const { t } = useConsole().i18n;
    const [loading, setLoading] = useState<Loading<P>>(ready ? { Part: ready } : 'loading');
    const slow = useSlow(loading === 'loading', 150);
    const fetchPart = () => {
      if (ready) return;
      setLoading('loading');
      load().then(
        (module) => {
          ready = module.default;
          setLoading({ Part: ready });
        },
        () => setLoading('error'),
      );
    };
    useEffect(fetchPart, []);
    if (loading === 'loading') {
      return (
        <div class="part-loading" role="status" aria-label={t('loading')}>
          {slow && <span class="spinner" />}
        </div>
      );
    }
    if (loading === 'error') {
      return (
        <div class="part-state" role="alert">
          <Icon name="alert" size={16} />
          <p>{t('pageFailed')}</p>
          <button type="button" class="link-button" onClick={fetchPart}>
            {t('retry')}
          </button>
        </div>
      );
    }
    return h(loading.Part, props);
  };
}
