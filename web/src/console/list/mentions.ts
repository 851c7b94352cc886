import { signal } from '@preact/signals';
import type { AgentApi } from '../../protocol/agent-api';
import type { Conversation, Page } from '../../protocol/types';
import type { Conversations } from './conversations';

const LIMIT = 100;

/** Conversations with a note that calls this agent and that it has not looked at. */
export class Mentions {
  readonly ids = signal<ReadonlySet<string>>(new Set());
  private readonly api: Pick<AgentApi, 'get' | 'post'>;
  private readonly known: Pick<Conversations, 'take'>;

  constructor(api: Pick<AgentApi, 'get' | 'post'>, known: Pick<Conversations, 'take'>) {
    this.api = api;
    this.known = known;
  }

  /** What came while nobody was here. */
  async load(): Promise<void> {
    const query = { view: 'mentioned', limit: LIMIT };
    const page = await this.api.get<Page<Conversation>>('conversations', query).catch(() => null);
    if (!page) return;
    for (const conversation of page.items) this.known.take(conversation);
    this.ids.value = new Set(page.items.map(({ id }) => id));
  }

  add(id: string): void {
    this.ids.value = new Set(this.ids.peek()).add(id);
  }

  /** The conversation was looked at up to an entry. What the server did not hear of comes back with the next list. */
  seen(id: string, seq: number): void {
    const ids = new Set(this.ids.peek());
    if (!ids.delete(id)) return;
    this.ids.value = ids;
    this.api.post(`conversations/${id}/mention/seen`, { seq }).catch(() => undefined);
  }
}
