import type { Api } from './api';
import type { Client } from './client';
import type { Message, Page } from './types';

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

/** The known part of one conversation's log, fetched page by page and joined with live frames. */
export class History {
  private readonly api: Api;
  private readonly id: string;
  private readonly changed: (state: HistoryState) => void;
  private readonly bySeq = new Map<number, Message>();
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
      this.merge(page, { status: 'ready', hasOlder: page.has_more });
      client.settle(page.items);
      if ((client.position(this.id) ?? 0) > this.lastSeq) await this.fill(client);
      client.setPosition(this.id, this.lastSeq);
    } catch (error) {
      this.set({ status: 'error' });
      throw error;
    }
  }

  async loadOlder(): Promise<void> {
    const first = this.state.items[0];
    if (!first || !this.state.hasOlder || this.state.older === 'loading') return;
    this.set({ older: 'loading' });
    try {
      const page = await this.api.messages(this.id, { before_seq: first.seq });
      this.merge(page, { hasOlder: page.has_more, older: 'idle' });
    } catch {
      this.set({ older: 'error' });
    }
  }

  add(message: Message): void {
    this.merge({ items: [message] }, {});
  }

  /** Fetches what is missing inside and at the end, as far as the server has it. */
  async fill(client: Client): Promise<void> {
    if (this.filling) return;
    this.filling = true;
    try {
      for (;;) {
        const after = this.firstHole();
        const page = await this.api.messages(this.id, { after_seq: after, limit: FILL_LIMIT });
        this.merge(page, {});
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

  private merge(page: Pick<Page<Message>, 'items'>, patch: Partial<HistoryState>): void {
    const before = this.bySeq.size;
    for (const message of page.items) {
      if (!this.bySeq.has(message.seq)) this.bySeq.set(message.seq, message);
    }
    const grown = this.bySeq.size !== before;
    const items = grown ? [...this.bySeq.values()].sort((a, b) => a.seq - b.seq) : this.state.items;
    if (grown || Object.keys(patch).length > 0) this.set({ ...patch, items });
  }

  private set(patch: Partial<HistoryState>): void {
    this.state = { ...this.state, ...patch };
    this.changed(this.state);
  }
}
