import { backoff } from './backoff';
import { type Draft, Outbox, type OutboxEntry, type OutboxStore } from './outbox';
import type { ErrorFrame, Message, SendFrame } from './types';
import type { MakeUploads, UploadingEvents, Uploads } from './uploading';
import { uuid } from './uuid';

const ACK_TIMEOUT_MS = 20_000;
const RETRYABLE = new Set(['rate_limited', 'unavailable']);

interface SenderEvents {
  send(frame: SendFrame): void;
  /** An acknowledgement is overdue: the connection is not to be trusted. */
  overdue(): void;
  outbox(entries: readonly OutboxEntry[]): void;
  /** Sending rests until this time. */
  limited(until: number): void;
  progress(clientId: string, share: number | null): void;
}

/**
 * Sends the outbox in order, one message of a conversation at a time, until each is acknowledged.
 * What has a file is uploaded when its turn comes, and what follows waits for it.
 */
export class Sender {
  private readonly outbox: Outbox;
  private readonly events: SenderEvents;
  private readonly random: () => number;
  private readonly uploads: Uploads | null;
  /** Entries whose file the server had forgotten and that were uploaded anew: once is enough. */
  private readonly renewed = new Set<string>();
  private readonly ackTimers = new Map<string, ReturnType<typeof setTimeout>>();
  private limitTimer: ReturnType<typeof setTimeout> | undefined;
  private limitedUntil = 0;
  private refusals = 0;
  private connected = false;
  /** Messages can go out, although the connection is not there yet. */
  private hurries = false;

  constructor(
    store: OutboxStore,
    events: SenderEvents,
    random: () => number,
    makeUploads: MakeUploads | undefined,
  ) {
    this.outbox = new Outbox(store, (entries) => events.outbox(entries));
    this.events = events;
    this.random = random;
    const heard: UploadingEvents = {
      progress: (id, share) => events.progress(id, share),
      uploaded: async (id, file) => {
        await this.outbox.uploaded(id, file);
        this.flush();
      },
      failed: (id, code) => {
        this.outbox.update(id, 'failed', code);
        this.flush();
      },
      rests: (id) => this.outbox.update(id, 'queued'),
      rested: () => this.flush(),
    };
    this.uploads = makeUploads?.(heard, random) ?? null;
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
        client_id: draft.client_id ?? uuid(),
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
    this.renewed.delete(clientId);
    this.outbox.update(clientId, 'queued');
    this.flush();
  }

  /** A message that may have been sent is not given up: it may be in the log already. */
  discard(clientId: string): void {
    const entry = this.outbox.find(clientId);
    if (!entry || (entry.state !== 'failed' && !awaitsUpload(entry))) return;
    this.uploads?.cancel(clientId);
    this.outbox.remove(clientId);
    this.flush();
  }

  /** Messages may go out before there is a connection: nothing that a replay could bring back was sent before. */
  hurry(): void {
    this.hurries = true;
    this.flush();
  }

  /** Caught up: what a replay brought back is settled, so the rest may go out. */
  connect(): void {
    this.connected = true;
    this.uploads?.wake();
    this.flush();
  }

  disconnect(): void {
    this.connected = false;
    this.hurries = false;
    for (const timer of this.ackTimers.values()) clearTimeout(timer);
    this.ackTimers.clear();
    this.outbox.requeue();
  }

  stop(): void {
    this.disconnect();
    this.uploads?.stop();
    clearTimeout(this.limitTimer);
  }

  /** The message is in the log, however that became known; returns what was sent. */
  settle(clientId: string | null): OutboxEntry | undefined {
    const entry = this.outbox.find(clientId);
    if (!entry) return undefined;
    this.clearAck(entry.client_id);
    this.uploads?.cancel(entry.client_id);
    this.renewed.delete(entry.client_id);
    this.refusals = 0;
    this.outbox.remove(entry.client_id);
    this.flush();
    return entry;
  }

  settleAll(messages: Iterable<Message>): void {
    for (const message of messages) this.settle(message.client_id);
  }

  refuse(clientId: string, { code, field, retry_after_ms }: Omit<ErrorFrame, 'type' | 'message'>): void {
    this.clearAck(clientId);
    const forgotten = field === 'data.file_id' && this.outbox.find(clientId)?.file !== undefined;
    if (forgotten && !this.renewed.has(clientId)) {
      this.renewed.add(clientId);
      this.outbox.forgetUpload(clientId);
      this.flush();
      return;
    }
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
    if (!(this.connected || this.hurries) || Date.now() < this.limitedUntil) return;
    for (const entry of this.outbox.ready()) {
      if (!awaitsUpload(entry)) this.transmit(entry);
      else if (this.uploads?.start(entry)) this.outbox.update(entry.client_id, 'sending');
    }
  }

  private transmit(entry: OutboxEntry): void {
    const { client_id, conversation_id, kind, text, quote_seq, file_id } = entry;
    const data = file_id === undefined ? entry.data : mediaReference(file_id, entry);
    this.outbox.update(client_id, 'sending');
    this.ackTimers.set(
      client_id,
      setTimeout(() => this.events.overdue(), ACK_TIMEOUT_MS),
    );
    this.events.send({
      type: 'send',
      client_id,
      conversation_id,
      kind,
      text,
      ...(data && { data }),
      ...(quote_seq !== undefined && { quote_seq }),
    });
  }

  private clearAck(clientId: string): void {
    clearTimeout(this.ackTimers.get(clientId));
    this.ackTimers.delete(clientId);
  }
}

function awaitsUpload(entry: OutboxEntry): boolean {
  return entry.file !== undefined && entry.file_id === undefined;
}

/** What a sender may say of a file; the rest of an entry's data is the server's to tell. */
function mediaReference(file_id: string, { data }: OutboxEntry): Record<string, unknown> {
  const duration_ms = data?.['duration_ms'];
  return { file_id, ...(duration_ms !== undefined && { duration_ms }) };
}
