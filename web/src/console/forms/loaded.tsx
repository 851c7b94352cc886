import type { ComponentChildren } from 'preact';
import { texts } from '../../i18n/forms';
import { useSlow } from '../../ui/hooks';
import { Icon } from '../../ui/icons';
import type { Load } from '../../ui/load';
import { useTextsOf } from '../context';
import { useFailure } from './failure';

interface ReadyProps<T> {
  load: Load<T>;
  children(value: T): ComponentChildren;
}

/** What was loaded, or why it is not there. */
export function Ready<T>({ load, children }: ReadyProps<T>) {
  const { t } = useTextsOf(texts);
  const failureText = useFailure();
  const { state } = load;
  switch (state.status) {
    case 'loading':
      return <Skeleton />;
    case 'denied':
      return (
        <div class="pane-state" role="alert">
          <Icon name="lock" size={28} />
          <p>{t('denied')}</p>
        </div>
      );
    case 'error':
      return (
        <div class="pane-state" role="alert">
          <Icon name="alert" size={28} />
          <p>{failureText(state.error)}</p>
          <button type="button" class="button" onClick={load.retry}>
            {t('retry')}
          </button>
        </div>
      );
    case 'ready':
      return <>{children(state.value)}</>;
  }
}

export function Skeleton() {
  const { t } = useTextsOf(texts);
  const slow = useSlow(true, 150);
  return (
    <div class="page-skeleton" role="status" aria-label={t('loading')}>
      {slow && [0, 1, 2, 3, 4].map((each) => <i key={each} />)}
    </div>
  );
}

/** Several loads as one. */
export function all<T extends readonly unknown[]>(...loads: {
  [K in keyof T]: Load<T[K]>;
}): Load<T> {
  const retry = () => {
    for (const load of loads) load.retry();
  };
  const values: unknown[] = [];
  for (const { state } of loads) {
    if (state.status !== 'ready') return { state, retry, set: () => undefined };
    values.push(state.value);
  }
  return { state: { status: 'ready', value: values as unknown as T }, retry, set: () => undefined };
}
