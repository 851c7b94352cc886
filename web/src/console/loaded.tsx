import type { ComponentChildren } from 'preact';
import { ApiError } from '../protocol/agent-api';
import { useSlow } from '../ui/hooks';
import { Icon } from '../ui/icons';
import type { Load } from '../ui/load';
import { type ConsoleI18n, useConsole } from './context';
import type { Desk } from './desk';

interface LoadedProps<T> {
  of: Load<T>;
  /** Fills a pane of its own; otherwise it is a part among others. */
  pane?: boolean;
  children(value: T): ComponentChildren;
}

/** What was loaded, or why it is not there. */
export function Loaded<T>({ of, pane = false, children }: LoadedProps<T>) {
  const { i18n } = useConsole();
  const slow = useSlow(of.state.status === 'loading', 150);
  const { state } = of;
  const frame = pane ? 'pane-state' : 'part-state';
  switch (state.status) {
    case 'ready':
      return <>{children(state.value)}</>;
    case 'loading':
      return (
        <div class="part-loading" role="status" aria-label={i18n.t('loading')}>
          {slow && <div class="skeleton-lines" />}
        </div>
      );
    case 'denied':
      return (
        <div class={frame}>
          <Icon name="lock" size={pane ? 28 : 16} />
          <p>{i18n.t('errorForbidden')}</p>
        </div>
      );
    case 'error':
      return (
        <div class={frame} role="alert">
          <Icon name="alert" size={pane ? 28 : 16} />
          <p>{causeOf(state.error, i18n)}</p>
          <button type="button" class={pane ? 'button' : 'link-button'} onClick={of.retry}>
            {i18n.t('retry')}
          </button>
        </div>
      );
  }
}

/** Why a request failed, for people. */
export function causeOf(error: unknown, { t }: ConsoleI18n): string {
  if (!(error instanceof ApiError)) return t('failedRequest', { detail: String(error) });
  if (error.status === 0) return t('unreachable');
  if (error.status === 403) return t('errorForbidden');
  return t('failedRequest', { detail: error.message });
}

/** Says in a notice that something did not work which has no place of its own for that. */
export function notifyFailure(desk: Desk, error: unknown): void {
  const code = error instanceof ApiError ? error.code : 'unavailable';
  desk.notify({ kind: 'error', code, detail: error instanceof Error ? error.message : '' });
}
