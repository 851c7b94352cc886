import { useNow } from '../../ui/hooks';
import { useWidget } from '../context';

/** How long sending rests. */
export function RateLimit() {
  const { widget, i18n } = useWidget();
  const until = widget.line.shared.limitedUntil.value;
  const now = useNow(until > 0 ? 500 : 0);
  if (until <= now) return null;
  return (
    <p class="limited" role="status">
      {i18n.t('limited', { n: Math.ceil((until - now) / 1000) })}
    </p>
  );
}
