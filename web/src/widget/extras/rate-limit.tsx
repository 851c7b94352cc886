import { useNow } from '../../ui/hooks';
import { useMoreTexts } from '../../ui/more-texts';
import { useWidget } from '../context';

/** How long sending rests. */
export function RateLimit() {
  const { widget } = useWidget();
  const { t } = useMoreTexts();
  const until = widget.line.shared.limitedUntil.value;
  const now = useNow(until > 0 ? 500 : 0);
  if (until <= now) return null;
  return (
    <p class="limited" role="status">
      {t('limited', { n: Math.ceil((until - now) / 1000) })}
    </p>
  );
}
