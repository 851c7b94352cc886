import { signal } from '@preact/signals';
import type { CannedReply, Page } from '../../../protocol/types';
import type { Desk } from '../../desk';

const PAGE_LIMIT = 500;
/** Nobody finds anything among more; the server's own search would. */
const PAGES_MAX = 6;
/** What is shown all the time is not loaded with every conversation. */
const FRESH_MS = 60_000;

/** The canned replies of one agent: shown as they were, and loaded anew whenever they are wanted. */
export class CannedReplies {
  readonly state = signal<readonly CannedReply[] | 'loading' | 'error'>('loading');
  private readonly desk: Desk;
  private loadedAt = -Infinity;

  constructor(desk: Desk) {
    this.desk = desk;
  }

  async load(): Promise<void> {
    if (typeof this.state.peek() === 'string') this.state.value = 'loading';
    try {
      const found: CannedReply[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < PAGES_MAX; page++) {
        const query = { limit: PAGE_LIMIT, cursor };
        const { items, has_more, next_cursor } = await this.desk.api.get<Page<CannedReply>>(
          'canned-replies',
          query,
        );
        found.push(...items);
        if (!has_more || !next_cursor) break;
        cursor = next_cursor;
      }
      this.state.value = found;
      this.loadedAt = Date.now();
    } catch {
      if (typeof this.state.peek() === 'string') this.state.value = 'error';
    }
  }

  /** Loads them unless they came a moment ago. */
  async freshen(): Promise<void> {
    if (Date.now() - this.loadedAt > FRESH_MS) await this.load();
  }

  /** The text as it is to be sent; counts as a use. */
  async render(reply: CannedReply, conversation: string): Promise<string> {
    const path = `canned-replies/${reply.id}/render`;
    const body = { conversation_id: conversation };
    const { text } = await this.desk.api.post<{ text: string }>(path, body);
    const known = this.state.peek();
    if (typeof known !== 'string') {
      this.state.value = known.map((each) =>
        each.id === reply.id ? { ...each, uses: each.uses + 1 } : each,
      );
    }
    return text;
  }
}

const held = new WeakMap<Desk, CannedReplies>();

export function cannedRepliesOf(desk: Desk): CannedReplies {
  const found = held.get(desk) ?? new CannedReplies(desk);
  held.set(desk, found);
  return found;
}
