import { ApiError } from './api';
import { backoff } from './backoff';
import type { OutboxEntry } from './outbox';
import type { UploadedFile } from './types';
import type { UploadEntry } from './uploads';

export interface UploadingEvents {
  progress(clientId: string, share: number | null): void;
  uploaded(clientId: string, file: UploadedFile): Promise<void>;
  failed(clientId: string, code: string): void;
  /** The way failed, not the file: a pause begins. */
  rests(clientId: string): void;
  /** The pause is over. */
  rested(clientId: string): void;
}

/** What sends files ahead of their messages. */
export interface Uploads {
  /** Starts the upload of an entry unless it is under way or rests; true when it is under way. */
  start(entry: OutboxEntry): boolean;
  /** There is a connection: what rests need not wait any longer. */
  wake(): void;
  cancel(clientId: string): void;
  stop(): void;
}

export type MakeUploads = (events: UploadingEvents, random: () => number) => Uploads;

interface Upload {
  attempts: number;
  abort: AbortController | null;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** The files that are on their way, and the pauses between attempts. */
export class Uploading implements Uploads {
  private readonly upload: UploadEntry;
  private readonly events: UploadingEvents;
  private readonly random: () => number;
  private readonly uploads = new Map<string, Upload>();

  constructor(upload: UploadEntry, events: UploadingEvents, random: () => number) {
    this.upload = upload;
    this.events = events;
    this.random = random;
  }

  start(entry: OutboxEntry): boolean {
    const id = entry.client_id;
    const known = this.uploads.get(id);
    if (known?.abort) return true;
    if (known?.timer !== undefined) return false;
    void this.run(entry, known?.attempts ?? 0);
    return true;
  }

  wake(): void {
    for (const upload of this.uploads.values()) {
      clearTimeout(upload.timer);
      upload.timer = undefined;
    }
  }

  cancel(clientId: string): void {
    const upload = this.uploads.get(clientId);
    if (!upload) return;
    this.uploads.delete(clientId);
    clearTimeout(upload.timer);
    upload.abort?.abort();
    this.events.progress(clientId, null);
  }

  stop(): void {
    for (const id of [...this.uploads.keys()]) this.cancel(id);
  }

  private async run(entry: OutboxEntry, attempts: number): Promise<void> {
    const id = entry.client_id;
    const abort = new AbortController();
    const upload: Upload = { attempts: attempts + 1, abort, timer: undefined };
    this.uploads.set(id, upload);
    this.events.progress(id, 0);
    try {
      const file = await this.upload(entry, {
        signal: abort.signal,
        progress: (share) => this.events.progress(id, share),
      });
      if (this.uploads.get(id) !== upload) return;
      await this.events.uploaded(id, file);
      if (this.uploads.get(id) === upload) this.uploads.delete(id);
    } catch (error) {
      if (this.uploads.get(id) !== upload) return;
      upload.abort = null;
      if (error instanceof ApiError && !error.transient) {
        this.uploads.delete(id);
        this.events.failed(id, error.code);
      } else {
        this.events.rests(id);
        const asked = error instanceof ApiError ? error.retryAfterMs : null;
        upload.timer = setTimeout(() => {
          upload.timer = undefined;
          this.events.rested(id);
        }, asked ?? 1_000 + backoff(attempts, this.random));
      }
    }
    this.events.progress(id, null);
  }
}
