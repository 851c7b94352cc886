import { useEffect } from 'preact/hooks';
import type { CustomerPrivacy } from '../../protocol/people';
import type { Load } from '../../ui/load';

const AGAIN_MS = 2_000;

/** Asks again while an erasure is under way. */
export function useErasureProgress({ state, retry }: Load<CustomerPrivacy>): void {
  const isUnderWay = state.status === 'ready' && state.value.erasure?.state === 'under_way';
  useEffect(() => {
    if (!isUnderWay) return;
    const timer = setInterval(retry, AGAIN_MS);
    return () => clearInterval(timer);
  }, [isUnderWay, retry]);
}
