import { signal } from '@preact/signals';

/** How much of each file on its way is uploaded, by `client_id`. */
export class UploadProgress {
  readonly shares = signal<ReadonlyMap<string, number>>(new Map());

  set(clientId: string, share: number | null): void {
    const shares = new Map(this.shares.peek());
    if (share === null) shares.delete(clientId);
    else shares.set(clientId, share);
    this.shares.value = shares;
  }
}
