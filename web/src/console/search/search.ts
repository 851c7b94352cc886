import { signal } from '@preact/signals';
import { type AgentApi, ApiError } from '../../protocol/agent-api';
import type { Hit } from '../../protocol/search';
import type { Conversation, Page } from '../../protocol/types';

/** Names of `GET /search`; `q` is what is looked for. */
export const FILTERS = [
  'agent_id',
  'tag_id',
  'inbox',
  'kind',
  'after',
  'before',
  'customer_id',
] as const;
export type Filter = (typeof FILTERS)[number];
export type Query = { q: string } & Partial<Record<Filter, string>>;

export type SearchState =
  | { status: 'idle' }
  | { status: 'loading' }
  | { status: 'denied' }
  | { status: 'error'; error: ApiError }
  | {
      status: 'ready';
      hits: readonly Hit[];
      cursor: string | null;
      more: 'idle' | 'loading' | 'error';
    };

const PAGE = 30;
/** The server may look through much and find nothing; so often the search goes on by itself. */
const EMPTY_PAGES_MAX = 5;

/** One search and what it has found so far. */
export class Search {
  readonly state = signal<SearchState>({ status: 'idle' });
  private readonly api: AgentApi;
  private abort = new AbortController();
  private query: Query = { q: '' };

  constructor(api: AgentApi) {
    this.api = api;
  }

  async run(query: Query): Promise<void> {
    this.close();
    this.query = query;
    if (query.q.trim() === '') {
      this.state.value = { status: 'idle' };
      return;
    }
    this.state.value = { status: 'loading' };
    const { signal } = this.abort;
    try {
      const found = await this.find(null, signal);
      if (!signal.aborted) this.state.value = { status: 'ready', ...found, more: 'idle' };
    } catch (error) {
      if (signal.aborted) return;
      const failure = error as ApiError;
      this.state.value =
        failure.status === 403 ? { status: 'denied' } : { status: 'error', error: failure };
    }
  }

  async more(): Promise<void> {
    const before = this.state.peek();
    if (before.status !== 'ready' || before.cursor === null || before.more === 'loading') return;
    this.state.value = { ...before, more: 'loading' };
    const { signal } = this.abort;
    try {
      const { hits, cursor } = await this.find(before.cursor, signal);
      if (signal.aborted) return;
      this.state.value = { ...before, hits: [...before.hits, ...hits], cursor, more: 'idle' };
    } catch {
      if (!signal.aborted) this.state.value = { ...before, more: 'error' };
    }
  }

  /** Nobody waits for the answer any more. */
  close(): void {
    this.abort.abort();
    this.abort = new AbortController();
  }

  private async find(
    cursor: string | null,
    signal: AbortSignal,
  ): Promise<{ hits: readonly Hit[]; cursor: string | null }> {
    let next = cursor;
    for (let empty = 0; ; empty += 1) {
      const query = { ...this.query, limit: PAGE, ...(next === null ? {} : { cursor: next }) };
      const page = await this.api.get<Page<Hit>>('search', query, { signal });
      next = page.has_more ? (page.next_cursor ?? null) : null;
      if (page.items.length > 0 || next === null || empty >= EMPTY_PAGES_MAX) {
        return { hits: page.items, cursor: next };
      }
    }
  }
}

export interface HitGroup {
  conversation: Conversation;
  hits: readonly Hit[];
}

/** What was found by conversation, in the order in which each first appears. */
export function grouped(hits: readonly Hit[]): HitGroup[] {
  const groups = new Map<string, { conversation: Conversation; hits: Hit[] }>();
  for (const hit of hits) {
    const { id } = hit.conversation;
    const group = groups.get(id);
    if (group) group.hits.push(hit);
    else groups.set(id, { conversation: hit.conversation, hits: [hit] });
  }
  return [...groups.values()];
}
