import { signal } from '@preact/signals';
import { ApiError } from '../../protocol/api';
import { backoff } from '../../protocol/backoff';
import type { OfflineMessage } from '../../protocol/types';
import { offlineKey, type Widget } from '../model';

/** `kept`: it could not be sent yet and is tried again, also by the next page. */
export type OfflineState = 'idle' | 'sending' | 'kept' | 'sent' | 'refused';

/** A message that was left while nobody was there: kept until the server has it, and left only once. */
export class OfflineBox {
  readonly state = signal<OfflineState>('idle');
  private readonly widget: Widget;
  private readonly key: string;
  private attempt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(widget: Widget) {
    this.widget = widget;
    this.key = offlineKey(widget.inbox);
    window.addEventListener('online', () => this.wake());
  }

  resume(): void {
    const kept = this.read();
    if (kept) void this.deliver(kept);
  }

  leave(message: OfflineMessage): void {
    this.write(message);
    this.state.value = 'sending';
    void this.deliver(message);
  }

  /** Tries at once what waits. */
  wake(): void {
    const kept = this.state.value === 'kept' ? this.read() : null;
    if (kept) void this.deliver(kept);
  }

  /** Ready for the next one. */
  clear(): void {
    this.state.value = 'idle';
  }

  private async deliver(message: OfflineMessage): Promise<void> {
    clearTimeout(this.timer);
    try {
      await this.widget.open();
      await this.widget.api.post('widget/offline-messages', message);
      this.write(null);
      this.attempt = 0;
      this.state.value = 'sent';
    } catch (error) {
      if (error instanceof ApiError && !error.transient) {
        this.write(null);
        this.state.value = 'refused';
        return;
      }
      this.state.value = 'kept';
      const wait = error instanceof ApiError ? error.retryAfterMs : null;
      const delay = wait ?? 1_000 + backoff(this.attempt++, Math.random);
      this.timer = setTimeout(() => void this.deliver(message), delay);
    }
  }

  private read(): OfflineMessage | null {
    try {
      return JSON.parse(localStorage.getItem(this.key) ?? 'null') as OfflineMessage | null;
    } catch {
      return null;
    }
  }

  private write(message: OfflineMessage | null): void {
    try {
      if (message) localStorage.setItem(this.key, JSON.stringify(message));
      else localStorage.removeItem(this.key);
    } catch {
      // Without storage it lasts as long as the page.
    }
  }
}

let box: OfflineBox | null = null;

export function offlineBox(widget: Widget): OfflineBox {
  return (box ??= new OfflineBox(widget));
}

/** Goes on with what an earlier page left behind. */
export function resumeOffline(widget: Widget): void {
  offlineBox(widget).resume();
}
