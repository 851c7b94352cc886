import { type Api, ApiError } from './api';
import { backoff } from './backoff';
import type { Client } from './client';
import type { EventCode, Message } from './types';

const FILL_LIMIT = 200;

/** Before the first page has come. */
export const UNLOADED: HistoryState = {
  status: 'loading',
  items: [],
  hasOlder: false,
  older: 'idle',
};

export interface HistoryState {
  status: 'loading' | 'ready' | 'error';
  items: readonly Message[];
  hasOlder: boolean;
  older: 'idle' | 'loading' | 'error';
}

/** Events that only tell that an earlier message has changed. */
const REVISIONS: readonly (EventCode | undefined)[] = ['edited', 'recalled'];

/** Tells of the change of another message, and says nothing itself: notes do so by a note. */
export function isRevision(message: Message): boolean {
  return REVISIONS.includes(message.event?.code);
}

/** The known part of one conversation's log, fetched page by page and joined with live frames. */
export class History {
  private readonly api: Api;
  private readonly id: string;
  private readonly changed: (state: HistoryState) => void;
  private readonly bySeq = new Map<number, Message>();
  /** Messages that were changed since they were read. */
  private readonly stale = new Set<number>();
  /** What was held was erased, and what is left of it is not loaded yet. */
  private forgotten = false;
  private refreshing = false;
  private filling = false;
  state: HistoryState = UNLOADED;

  constructor(api: Api, id: string, changed: (state: HistoryState) => void) {
    this.api = api;
    this.id = id;
    this.changed = changed;
  }

  get lastSeq(): number {
    return this.state.items[this.state.items.length - 1]?.seq ?? 0;
  }

  /** Loads the newest page and tells the client what is held from there on. */
  async load(client: Client): Promise<void> {
    this.set({ status: 'loading' });
    try {
      const page = await this.api.messages(this.id);
      this.merge(page.items, { status: 'ready', hasOlder: page.has_more });
      client.settle(page.items);
      if ((client.position(this.id) ?? 0) > this.lastSeq) await this.fill(client);
      client.setPosition(this.id, this.lastSeq);
    } catch (error) {
      this.set({ status: 'error' });
      throw error;
    }
  }

  async loadOlder(limit?: number): Promise<void> {
    const first = this.state.items[0];
    if (!first || !this.state.hasOlder || this.state.older === 'loading') return;
    this.set({ older: 'loading' });
    try {
      const bound = { before_seq: first.seq, ...(limit !== undefined && { limit }) };
      const page = await this.api.messages(this.id, bound);
      this.merge(page.items, { hasOlder: page.has_more, older: 'idle' });
    } catch {
      this.set({ older: 'error' });
    }
  }

  /** Loads earlier pages until this entry is held, as far as the server gives them. */
  async reach(seq: number): Promise<void> {
    while (seq < (this.state.items[0]?.seq ?? 0) && this.state.hasOlder) {
      const before = this.state.items[0];
      await this.loadOlder(FILL_LIMIT);
      if (this.state.items[0] === before) return;
    }
  }

  add(message: Message): void {
    this.merge([message], {});
  }

  /** Fetches what is missing inside and at the end, as far as the server has it. */
  async fill(client: Client): Promise<void> {
    if (this.filling) return;
    this.filling = true;
    try {
      for (;;) {
        const after = this.firstHole();
        const page = await this.api.messages(this.id, { after_seq: after, limit: FILL_LIMIT });
        this.merge(page.items, {});
        client.settle(page.items);
        const done = !page.has_more && this.firstHole() === this.lastSeq;
        if (done || page.items.length === 0) break;
      }
      client.setPosition(this.id, this.lastSeq);
    } finally {
      this.filling = false;
    }
  }

  /** The last `seq` before something that is not held, or the last one of all. */
  private firstHole(): number {
    let held: number | null = null;
    for (const { seq, prev_seq } of this.state.items) {
      if (held !== null && prev_seq > held) return held;
      held = seq;
    }
    return held ?? 0;
  }

  private merge(messages: readonly Message[], patch: Partial<HistoryState>): void {
    const added = new Set<number>();
    let revised = false;
    for (const message of messages) {
      const held = this.bySeq.get(message.seq);
      if (held && (held.revision || !message.revision)) continue;
      this.bySeq.set(message.seq, message);
      if (held) revised = true;
      else added.add(message.seq);
    }
    for (const seq of added) this.heed(this.bySeq.get(seq)!, added);
    if (messages.length > 1) this.heedLater(added);
    const grown = added.size > 0 || revised;
    if (grown) this.set({ ...patch, items: this.sorted() });
    else if (Object.keys(patch).length > 0) this.set(patch);
    if (this.forgotten || this.stale.size > 0) void this.refresh();
  }

  /** What an entry says of others that were held before it came. */
  private heed(message: Message, added: ReadonlySet<number>): void {
    const target = message.event?.seq;
    if (message.event?.code === 'erased') {
      for (const seq of this.bySeq.keys()) {
        if (seq >= message.seq || added.has(seq)) continue;
        this.bySeq.delete(seq);
        this.forgotten = true;
      }
    } else if (isRevision(message) && target !== undefined) {
      if (this.bySeq.has(target) && !added.has(target)) this.stale.add(target);
    }
  }

  /** A page may have been read before a change that was heard of while it was on its way. */
  private heedLater(added: ReadonlySet<number>): void {
    for (const message of this.bySeq.values()) {
      const target = isRevision(message) ? message.event?.seq : undefined;
      if (target === undefined || !added.has(target)) continue;
      if (!this.bySeq.get(target)?.revision) this.stale.add(target);
    }
  }

  /** Reads again what has changed, until it is up to date. */
  private async refresh(): Promise<void> {
    if (this.refreshing) return;
    this.refreshing = true;
    for (let attempt = 0; this.forgotten || this.stale.size > 0; attempt += 1) {
      try {
        if (this.forgotten) await this.reload();
        else await this.reread();
        attempt = -1;
      } catch (error) {
        const asked = error instanceof ApiError ? error.retryAfterMs : null;
        const wait = asked ?? 1_000 + backoff(attempt, Math.random);
        await new Promise((done) => setTimeout(done, wait));
      }
    }
    this.refreshing = false;
  }

  private async reload(): Promise<void> {
    this.forgotten = false;
    try {
      const page = await this.api.messages(this.id);
      this.merge(page.items, { hasOlder: page.has_more });
    } catch (error) {
      this.forgotten = isTransient(error);
      throw error;
    }
  }

  private async reread(): Promise<void> {
    const [seq] = [...this.stale];
    if (seq === undefined) return;
    this.stale.delete(seq);
    try {
      const { items } = await this.api.messages(this.id, { after_seq: seq - 1, limit: 1 });
      const message = items[0];
      if (message?.seq !== seq || !this.bySeq.has(seq)) return;
      this.bySeq.set(seq, message);
      this.set({ items: this.sorted() });
    } catch (error) {
      if (isTransient(error)) this.stale.add(seq);
      throw error;
    }
  }

  private sorted(): readonly Message[] {
    return [...this.bySeq.values()].sort((a, b) => a.seq - b.seq);
  }

  private set(patch: Partial<HistoryState>): void {
    this.state = { ...this.state, ...patch };
    this.changed(this.state);
  }
}

function isTransient(error: unknown): boolean {
  return error instanceof ApiError && error.transient;
}
