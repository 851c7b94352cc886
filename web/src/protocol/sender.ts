import { backoff } from './backoff';
import { type Draft, Outbox, type OutboxEntry, type OutboxStore } from './outbox';
import type { ClientFrame, ErrorFrame, Message } from './types';
import { uuid } from './uuid';

const ACK_TIMEOUT_MS = 20_000;
const RETRYABLE = new Set(['rate_limited', 'unavailable']);

interface SenderEvents {
  send(frame: ClientFrame): void;
  /** An acknowledgement is overdue: the connection is not to be trusted. */
  overdue(): void;
  outbox(entries: readonly OutboxEntry[]): void;
  /** Sending rests until this time. */
  limited(until: number): void;
}

/** Sends the outbox in order, one message of a conversation at a time, until each is acknowledged. */
export class Sender {
  private readonly outbox: Outbox;
  private readonly events: SenderEvents;
  private readonly random: () => number;
  private readonly ackTimers = new Map<string, ReturnType<typeof setTimeout>>();
  private limitTimer: ReturnType<typeof setTimeout> | undefined;
  private limitedUntil = 0;
  private refusals = 0;
  private connected = false;

  constructor(store: OutboxStore, events: SenderEvents, random: () => number) {
    this.outbox = new Outbox(store, (entries) => events.outbox(entries));
    this.events = events;
    this.random = random;
  }

  restore(): Promise<void> {
    return this.outbox.restore();
  }

  find(clientId: string | null): OutboxEntry | undefined {
    return this.outbox.find(clientId);
  }

  add(conversationId: string, draft: Draft): OutboxEntry {
    const now = Date.now();
    const entry = this.outbox.add(
      {
        ...draft,
        client_id: uuid(),
        conversation_id: conversationId,
        created_at: new Date(now).toISOString(),
      },
      now,
    );
    this.flush();
    return entry;
  }

  resend(clientId: string): void {
    if (this.outbox.find(clientId)?.state !== 'failed') return;
    this.outbox.update(clientId, 'queued');
    this.flush();
  }

  discard(clientId: string): void {
    if (this.outbox.find(clientId)?.state === 'failed') this.outbox.remove(clientId);
  }

  /** Caught up: what a replay brought back is settled, so the rest may go out. */
  connect(): void {
    this.connected = true;
    this.flush();
  }

  disconnect(): void {
    this.connected = false;
    for (const timer of this.ackTimers.values()) clearTimeout(timer);
    this.ackTimers.clear();
    this.outbox.requeue();
  }

  stop(): void {
    this.disconnect();
    clearTimeout(this.limitTimer);
  }

  /** The message is in the log, however that became known; returns what was sent. */
  settle(clientId: string | null): OutboxEntry | undefined {
    const entry = this.outbox.find(clientId);
    if (!entry) return undefined;
    this.clearAck(entry.client_id);
    this.refusals = 0;
    this.outbox.remove(entry.client_id);
    this.flush();
    return entry;
  }

  settleAll(messages: Iterable<Message>): void {
    for (const message of messages) this.settle(message.client_id);
  }

  refuse(clientId: string, { code, retry_after_ms }: ErrorFrame): void {
    this.clearAck(clientId);
    if (!RETRYABLE.has(code)) {
      this.outbox.update(clientId, 'failed', code);
      this.flush();
      return;
    }
    const wait = retry_after_ms ?? 1000 + backoff(this.refusals, this.random);
    this.refusals += 1;
    this.limitedUntil = Date.now() + wait;
    this.outbox.update(clientId, 'queued');
    if (code === 'rate_limited') this.events.limited(this.limitedUntil);
    clearTimeout(this.limitTimer);
    this.limitTimer = setTimeout(() => this.flush(), wait);
  }

  private flush(): void {
    if (!this.connected || Date.now() < this.limitedUntil) return;
    for (const entry of this.outbox.ready()) {
      this.outbox.update(entry.client_id, 'sending');
      this.ackTimers.set(
        entry.client_id,
        setTimeout(() => this.events.overdue(), ACK_TIMEOUT_MS),
      );
      this.events.send({
        type: 'send',
        client_id: entry.client_id,
        conversation_id: entry.conversation_id,
        kind: entry.kind,
        text: entry.text,
        ...(entry.data && { data: entry.data }),
        ...(entry.quote_seq !== undefined && { quote_seq: entry.quote_seq }),
      });
    }
  }

  private clearAck(clientId: string): void {
    clearTimeout(this.ackTimers.get(clientId));
    this.ackTimers.delete(clientId);
  }
}
