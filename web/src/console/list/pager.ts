import { signal } from '@preact/signals';
import { type AgentApi, ApiError } from '../../protocol/agent-api';
import type { Conversation, Page, View } from '../../protocol/types';
import type { Conversations } from './conversations';
import { comparison, VIEWS } from './views';

export interface ViewPage {
  status: 'loading' | 'ready' | 'error';
  cursor: string | null;
  more: 'idle' | 'loading' | 'error';
}

const FIRST: ViewPage = { status: 'loading', cursor: null, more: 'idle' };
const PAGE_MIN = 50;
const PAGE_MAX = 500;
const ROWS_MAX = 20_000;
/** No hint tells of what becomes of these when they are not this agent's. */
const SILENT: readonly View[] = ['bot', 'all', 'ended'];
const STALE_MS = 10_000;

/** Brings lists from the server, page by page. */
export class Pager {
  readonly pages = signal<Record<View, ViewPage>>(everyView(FIRST));
  private readonly api: AgentApi;
  private readonly known: Conversations;
  private readonly isOpen: (id: string) => boolean;
  private readonly loadedAt = new Map<View, number>();
  private round = 0;

  constructor(api: AgentApi, known: Conversations, isOpen: (id: string) => boolean) {
    this.api = api;
    this.known = known;
    this.isOpen = isOpen;
  }

  /** Loads what is shown of every list anew; what changes meanwhile is kept. */
  async refresh(): Promise<void> {
    const round = ++this.round;
    const since = this.known.now();
    const results = await Promise.allSettled(VIEWS.map((view) => this.firstOf(view)));
    if (round !== this.round) return;
    const pages = { ...this.pages.peek() };
    const loaded: Conversation[] = [];
    results.forEach((result, index) => {
      const view = VIEWS[index]!;
      if (result.status === 'fulfilled') {
        loaded.push(...result.value.items);
        pages[view] = { status: 'ready', cursor: cursorOf(result.value), more: 'idle' };
        this.loadedAt.set(view, Date.now());
      } else if (pages[view].status !== 'ready') {
        pages[view] = { ...pages[view], status: 'error' };
      }
    });
    const complete = results.every(({ status }) => status === 'fulfilled');
    this.known.replace(loaded, since, ({ id }) => !complete || this.isOpen(id));
    this.pages.value = pages;
  }

  async retry(view: View): Promise<void> {
    this.set(view, FIRST);
    await this.refresh();
  }

  /** The lists begin anew: other rows are wanted. */
  async restart(): Promise<void> {
    this.pages.value = everyView(FIRST);
    await this.refresh();
  }

  async more(view: View, limit = PAGE_MIN * 2): Promise<boolean> {
    const page = this.pages.peek()[view];
    if (page.cursor === null || page.more === 'loading') return false;
    this.set(view, { ...page, more: 'loading' });
    try {
      const next = await this.page(view, limit, page.cursor);
      for (const conversation of next.items) this.known.take(conversation);
      this.known.show();
      this.set(view, { status: 'ready', cursor: cursorOf(next), more: 'idle' });
      return true;
    } catch {
      this.set(view, { ...page, more: 'error' });
      return false;
    }
  }

  /** An order that is not the server's needs all rows. */
  async all(view: View): Promise<void> {
    while (this.known.lists[view].peek().length < ROWS_MAX && (await this.more(view, PAGE_MAX)));
  }

  /** Looks again at the beginning of a list of which not everything is told. */
  async freshen(view: View): Promise<void> {
    const old = Date.now() - (this.loadedAt.get(view) ?? 0) > STALE_MS;
    if (!SILENT.includes(view) || this.pages.peek()[view].status !== 'ready' || !old) return;
    this.loadedAt.set(view, Date.now());
    const since = this.known.now();
    const page = await this.page(view, PAGE_MIN).catch(() => null);
    if (!page) return;
    const { items } = page;
    const last = items.at(-1);
    const compare = comparison(view, 'latest');
    // Further down nothing is known to have changed.
    const below = (each: Conversation) => page.has_more && last && compare(each, last) > 0;
    const listed = new Set(this.known.lists[view].peek());
    this.known.replace(items, since, (each) => {
      return !listed.has(each.id) || below(each) === true || this.isOpen(each.id);
    });
  }

  private async firstOf(view: View): Promise<Page<Conversation>> {
    const shown = this.known.lists[view].peek().length;
    const limit = Math.min(Math.max(shown, PAGE_MIN), PAGE_MAX);
    const mine = view === 'mine';
    const page = await this.page(view, mine ? PAGE_MAX : limit);
    // Of each of these messages come: all have to be known.
    while (mine && page.has_more && page.next_cursor) {
      const { items, has_more, next_cursor } = await this.page(view, PAGE_MAX, page.next_cursor);
      page.items.push(...items);
      Object.assign(page, { has_more, next_cursor });
    }
    return page;
  }

  private async page(view: View, limit: number, cursor?: string): Promise<Page<Conversation>> {
    if (!this.known.has(view)) return { items: [], has_more: false };
    const inbox = this.known.arrangement.peek().inbox ?? undefined;
    try {
      return await this.api.get('conversations', { view, limit, cursor, inbox });
    } catch (error) {
      // A server that is older than this list has nothing in it.
      const unknown = error instanceof ApiError && error.status >= 400 && error.status < 429;
      if (view === 'bot' && unknown && error.status !== 401) return { items: [], has_more: false };
      throw error;
    }
  }

  private set(view: View, page: ViewPage): void {
    this.pages.value = { ...this.pages.peek(), [view]: page };
  }
}

function everyView(page: ViewPage): Record<View, ViewPage> {
  return Object.fromEntries(VIEWS.map((view) => [view, page])) as Record<View, ViewPage>;
}

function cursorOf(page: Page<unknown>): string | null {
  return page.has_more ? (page.next_cursor ?? null) : null;
}
