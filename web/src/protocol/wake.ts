import type { Client } from './client';

/** Wakes the client when the page or the network comes back; returns what undoes it. */
export function wakeWithPage(client: Client): () => void {
  const wake = () => client.wake();
  const visible = () => {
    if (document.visibilityState === 'visible') client.wake();
  };
  window.addEventListener('online', wake);
  window.addEventListener('pageshow', wake);
  document.addEventListener('visibilitychange', visible);
  return () => {
    window.removeEventListener('online', wake);
    window.removeEventListener('pageshow', wake);
    document.removeEventListener('visibilitychange', visible);
  };
}
