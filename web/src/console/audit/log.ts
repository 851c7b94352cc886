import { signal } from '@preact/signals';
import { ApiError, type AgentApi } from '../../protocol/agent-api';
import type { AuditLine, Page } from '../../protocol/types';
import { type AuditFilter, request } from './filter';

const PAGE = 100;

export type LogState =
  | { kind: 'loading' | 'denied' }
  | { kind: 'error'; error: unknown }
  | {
      kind: 'ready';
      lines: readonly AuditLine[];
      cursor: string | null;
      more: 'idle' | 'loading' | 'error';
    };

/** The lines that match a filter, newest first, page by page. */
export class AuditLog {
  readonly state = signal<LogState>({ kind: 'loading' });
  private readonly api: AgentApi;
  private readonly query: Record<string, string | undefined>;
  private readonly abort = new AbortController();

  constructor(api: AgentApi, filter: AuditFilter) {
    this.api = api;
    this.query = request(filter);
    void this.load();
  }

  close(): void {
    this.abort.abort();
  }

  async load(): Promise<void> {
    this.state.value = { kind: 'loading' };
    try {
      const page = await this.page(undefined);
      this.set({ kind: 'ready', lines: page.items, cursor: cursorOf(page), more: 'idle' });
    } catch (error) {
      const denied = error instanceof ApiError && error.status === 403;
      this.set(denied ? { kind: 'denied' } : { kind: 'error', error });
    }
  }

  async more(): Promise<void> {
    const state = this.state.peek();
    if (state.kind !== 'ready' || state.cursor === null || state.more === 'loading') return;
    this.set({ ...state, more: 'loading' });
    try {
      const page = await this.page(state.cursor);
      const lines = [...state.lines, ...page.items];
      this.set({ kind: 'ready', lines, cursor: cursorOf(page), more: 'idle' });
    } catch {
      this.set({ ...state, more: 'error' });
    }
  }

  private page(cursor: string | undefined): Promise<Page<AuditLine>> {
    const query = { ...this.query, cursor, limit: PAGE };
    return this.api.get('audit', query, { signal: this.abort.signal });
  }

  private set(state: LogState): void {
    if (!this.abort.signal.aborted) this.state.value = state;
  }
}

function cursorOf(page: Page<unknown>): string | null {
  return page.has_more ? (page.next_cursor ?? null) : null;
}
