import { useSlow } from '../ui/hooks';
import { Icon } from '../ui/icons';
import { useWidget } from './context';

interface LoadingProps {
  failed: boolean;
  retry(): void;
}

/** Lines where there will be messages, or why there are none. */
export function Loading({ failed, retry }: LoadingProps) {
  const { t } = useWidget().i18n;
  const slow = useSlow(true, 150);
  if (failed) {
    return (
      <div class="pane-state" role="alert">
        <Icon name="alert" size={28} />
        <p>{t('loadFailed')}</p>
        <button type="button" class="button" onClick={retry}>
          {t('retry')}
        </button>
      </div>
    );
  }
  return (
    <div class="skeleton-chat" aria-label={t('loading')} role="status">
      {slow && [58, 40, 66].map((width) => <i key={width} style={{ width: `${width}%` }} />)}
    </div>
  );
}
