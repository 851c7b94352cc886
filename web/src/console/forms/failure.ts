import { texts } from '../../i18n/forms';
import { ApiError } from '../../protocol/agent-api';
import { useTextsOf } from '../context';

/** What to say of a request that failed, and what to do about it. */
export function useFailure(): (failure: unknown) => string {
  const { t } = useTextsOf(texts);
  return (failure) => {
    if (!(failure instanceof ApiError)) return t('failedUnknown');
    // A proxy in front answers so while the server is gone.
    if (failure.status === 502 || failure.status === 504) return t('failedNetwork');
    switch (failure.code) {
      case 'network':
        return t('failedNetwork');
      case 'forbidden':
        return t('failedForbidden', { detail: failure.message });
      case 'not_found':
        return t('failedGone');
      case 'conflict':
        return t('failedConflict', { detail: failure.message });
      case 'rate_limited':
        return t('failedOften', { n: Math.ceil((failure.retryAfterMs ?? 1_000) / 1_000) });
      default:
        return t('failedDetail', { detail: failure.message });
    }
  };
}
