import { useEffect, useRef } from 'preact/hooks';
import type { CustomerPrivacy } from '../../protocol/people';
import type { Load } from '../../ui/load';

const AGAIN_MS = 2_000;

/** Asks again while an erasure is under way, and says when it is over. */
export function useErasureProgress(load: Load<CustomerPrivacy>, onFinished: () => void): void {
  const { state, retry } = load;
  const isUnderWay = state.status === 'ready' && state.value.erasure?.state === 'under_way';
  const was = useRef(isUnderWay);
  useEffect(() => {
    const isOver = was.current && !isUnderWay;
    was.current = isUnderWay;
    if (isOver) onFinished();
    if (!isUnderWay) return;
    const timer = setInterval(retry, AGAIN_MS);
    return () => clearInterval(timer);
  }, [isUnderWay, retry]);
}
