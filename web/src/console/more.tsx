import { useConsole } from './context';
import type { Paged } from './paged';

/** The end of a list of which the server has more. */
export function More({ paged }: { paged: Pick<Paged<never>, 'hasMore' | 'more' | 'loadMore'> }) {
  const { t } = useConsole().i18n;
  if (!paged.hasMore) return null;
  return (
    <p class="list-more">
      <button
        type="button"
        class="button"
        disabled={paged.more === 'loading'}
        onClick={paged.loadMore}
      >
        {t(paged.more === 'loading' ? 'loading' : paged.more === 'error' ? 'retry' : 'loadMore')}
      </button>
    </p>
  );
}
