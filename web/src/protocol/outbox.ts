import type { MediaData, MessageKind, UploadedFile } from './types';

/** A file that is uploaded before its message is sent. */
export interface DraftFile {
  blob: Blob;
  name: string;
  media_type: string;
}

/** What a person sends. */
export interface Draft {
  /** Made up when it is sent, unless it had one before. */
  client_id?: string;
  kind: MessageKind;
  text: string;
  data?: Record<string, unknown>;
  quote_seq?: number;
  /** With a file, `kind` is a guess until the upload's answer says what it is. */
  file?: DraftFile;
}

/** A message that is not acknowledged yet. Its `client_id` stays the same over every retry. */
export interface OutboxEntry extends Draft {
  client_id: string;
  conversation_id: string;
  /** Rises with every entry: the order in which they are sent. */
  order: number;
  created_at: string;
  state: 'queued' | 'sending' | 'failed';
  /** Why it failed, one of the contract's error codes. */
  error?: string;
  /** The file's id once it is uploaded; `data` then is what the message will hold. */
  file_id?: string;
}

/** Where entries outlive the page. */
export interface OutboxStore {
  load(): Promise<OutboxEntry[]>;
  put(entry: OutboxEntry): Promise<void>;
  remove(clientId: string): Promise<void>;
}

/** Keeps nothing beyond the page: for browsers that refuse storage in a foreign frame. */
export const memoryStore: OutboxStore = {
  load: () => Promise.resolve([]),
  put: () => Promise.resolve(),
  remove: () => Promise.resolve(),
};

const DATABASE = 'kefu';
const ENTRIES = 'outbox';

/** Entries of one owner (a visitor or an agent) in IndexedDB; every failure leaves the memory copy. */
export function indexedDbStore(owner: () => string): OutboxStore {
  let opened: Promise<IDBDatabase> | null = null;
  const open = () =>
    (opened ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(DATABASE, 1);
      request.onupgradeneeded = () => {
        const store = request.result.createObjectStore(ENTRIES, { keyPath: 'client_id' });
        store.createIndex('owner', 'owner');
      };
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error('cannot open the outbox'));
    }));

  async function run<T>(
    mode: IDBTransactionMode,
    work: (store: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T> {
    const transaction = (await open()).transaction(ENTRIES, mode);
    const request = work(transaction.objectStore(ENTRIES));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error ?? new Error('outbox write aborted'));
    });
  }

  return {
    async load() {
      const rows = await run('readonly', (store) => store.index('owner').getAll(owner()));
      return rows.map(({ owner: _, ...entry }) => entry as OutboxEntry);
    },
    async put(entry) {
      await run('readwrite', (store) => store.put({ ...entry, owner: owner() }));
    },
    async remove(clientId) {
      await run('readwrite', (store) => store.delete(clientId));
    },
  };
}

/** Unacknowledged messages in the order of writing, mirrored to a store. */
export class Outbox {
  private entries: readonly OutboxEntry[] = [];
  private readonly store: OutboxStore;
  private readonly changed: (entries: readonly OutboxEntry[]) => void;

  constructor(store: OutboxStore, changed: (entries: readonly OutboxEntry[]) => void) {
    this.store = store;
    this.changed = changed;
  }

  get items(): readonly OutboxEntry[] {
    return this.entries;
  }

  /** Brings back what an earlier page left behind, before what this page has added meanwhile. */
  async restore(): Promise<void> {
    const kept = await this.store.load().catch(() => []);
    const known = new Set(this.entries.map((entry) => entry.client_id));
    const old = kept
      .filter((entry) => !known.has(entry.client_id))
      .map((entry): OutboxEntry =>
        entry.state === 'sending' ? { ...entry, state: 'queued' } : entry,
      );
    if (old.length > 0) this.replace([...old, ...this.entries]);
  }

  add(entry: Omit<OutboxEntry, 'order' | 'state'>, now: number): OutboxEntry {
    const last = this.entries[this.entries.length - 1]?.order ?? 0;
    const added: OutboxEntry = { ...entry, order: Math.max(now, last + 1), state: 'queued' };
    this.replace([...this.entries, added]);
    this.persist(added);
    return added;
  }

  find(clientId: string | null): OutboxEntry | undefined {
    return clientId === null
      ? undefined
      : this.entries.find((entry) => entry.client_id === clientId);
  }

  update(clientId: string, state: OutboxEntry['state'], error?: string): void {
    const entry = this.find(clientId);
    if (!entry) return;
    const { error: _, ...rest } = entry;
    const next: OutboxEntry = { ...rest, state, ...(error === undefined ? {} : { error }) };
    this.change(clientId, next);
    // Whether a frame is under way means nothing to the next page.
    if (state === 'failed' || entry.state === 'failed') this.persist(next);
  }

  /** Resolves once it is kept: what may have been sent with one upload gets no other. */
  async uploaded(clientId: string, file: UploadedFile): Promise<void> {
    const entry = this.find(clientId);
    if (!entry) return;
    const { id, kind, name, size, media_type, width = null, height = null, url } = file;
    const media: MediaData = { file_id: id, name, size, media_type, width, height, url };
    const data = { ...entry.data, ...media };
    const next: OutboxEntry = { ...entry, kind, data, file_id: id };
    await this.store.put({ ...next, state: 'queued' }).catch(() => undefined);
    if (!this.find(clientId)) {
      // Settled or given up meanwhile, and its copy written after it was removed.
      this.store.remove(clientId).catch(() => undefined);
      return;
    }
    this.change(entry.client_id, { ...next, state: 'queued' });
  }

  /** The server no longer knows the file: it has to be uploaded again. */
  forgetUpload(clientId: string): void {
    const entry = this.find(clientId);
    if (!entry) return;
    const { file_id: _, ...rest } = entry;
    const next: OutboxEntry = { ...rest, state: 'queued' };
    this.change(clientId, next);
    this.persist(next);
  }

  /** Puts everything that was under way back in the queue: the connection is gone. */
  requeue(): void {
    if (this.entries.some((entry) => entry.state === 'sending')) {
      this.replace(
        this.entries.map((entry) =>
          entry.state === 'sending' ? { ...entry, state: 'queued' } : entry,
        ),
      );
    }
  }

  remove(clientId: string): void {
    if (!this.find(clientId)) return;
    this.replace(this.entries.filter((entry) => entry.client_id !== clientId));
    this.store.remove(clientId).catch(() => undefined);
  }

  /** The next entry of each conversation that has none under way. */
  ready(): OutboxEntry[] {
    const busy = new Set<string>();
    const ready: OutboxEntry[] = [];
    for (const entry of this.entries) {
      if (entry.state === 'failed' || busy.has(entry.conversation_id)) continue;
      busy.add(entry.conversation_id);
      if (entry.state === 'queued') ready.push(entry);
    }
    return ready;
  }

  private persist(entry: OutboxEntry): void {
    this.store.put(entry).catch(() => undefined);
  }

  private change(clientId: string, next: OutboxEntry): void {
    this.replace(this.entries.map((each) => (each.client_id === clientId ? next : each)));
  }

  private replace(entries: OutboxEntry[]): void {
    this.entries = entries.sort((a, b) => a.order - b.order);
    this.changed(this.entries);
  }
}
