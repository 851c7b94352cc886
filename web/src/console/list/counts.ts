import { signal } from '@preact/signals';
import type { AgentApi } from '../../protocol/agent-api';
import type { ConversationCounts, View } from '../../protocol/types';
import { poll } from '../../ui/poll';
import type { Conversations } from './conversations';
import type { Pager } from './pager';

const EVERY_MS = 30_000;
/** What changes together is counted once. */
const SOON_MS = 2_000;

export interface Count {
  readonly n: number;
  /** There are more than were counted. */
  readonly more: boolean;
}

/** How many conversations each list has: counted here where all of them are known, else by the server. */
export class Counts {
  private readonly api: AgentApi;
  private readonly known: Conversations;
  private readonly list: Pager;
  private readonly told = signal<ConversationCounts | null>(null);
  private readonly unpoll: () => void;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(api: AgentApi, known: Conversations, list: Pager) {
    this.api = api;
    this.known = known;
    this.list = list;
    this.unpoll = poll(EVERY_MS, () => this.refresh());
  }

  /** Null while nothing is known. */
  of(view: View): Count | null {
    const page = this.list.pages.value[view];
    if (page.status !== 'ready') return null;
    const held = this.known.lists[view].value.length;
    if (page.cursor === null) return { n: held, more: false };
    const told = view === 'ended' ? undefined : this.told.value?.[view];
    if (told === undefined || told < held) return { n: held, more: true };
    return { n: told, more: told === this.told.value?.limit };
  }

  soon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.refresh();
    }, SOON_MS);
  }

  /** Asks only where the pages that are here do not tell. */
  async refresh(): Promise<void> {
    const pages = this.list.pages.peek();
    const views = ['mine', 'waiting', 'bot', 'all'] as const;
    if (!views.some((view) => pages[view].cursor !== null)) return;
    const inbox = this.known.arrangement.peek().inbox ?? undefined;
    const counts = this.api.get<ConversationCounts>('conversations/counts', { inbox });
    this.told.value = await counts.catch(() => this.told.peek());
  }

  close(): void {
    this.unpoll();
    clearTimeout(this.timer);
  }
}
