import { computed, signal } from '@preact/signals';
import { Api, ApiError } from '../protocol/api';
import { Client } from '../protocol/client';
import { type ConnectionState, IDLE } from '../protocol/connection';
import { indexedDbStore, type OutboxEntry } from '../protocol/outbox';
import { connector } from '../protocol/transport';
import type {
  Agent,
  AgentStatus,
  Conversation,
  ConversationChange,
  Message,
  Page,
  Person,
  ServerFrame,
  View,
} from '../protocol/types';
import { uploadVia } from '../protocol/uploads';
import { wakeWithPage } from '../protocol/wake';
import { UploadProgress } from '../ui/progress';
import { Chat } from './chat/chat';
import { belongs, isMine, isUnread, newer, ordered, VIEWS } from './list/views';

const TYPING_SHOWN_MS = 6_000;
const ME_DELAY_MS = 400;
const NOTICE_MS = 6_000;

export interface ViewPage {
  status: 'loading' | 'ready' | 'error';
  cursor: string | null;
  more: 'idle' | 'loading' | 'error';
}

export type Notice =
  | { id: number; kind: 'error'; code: string; detail: string }
  | {
      id: number;
      kind: 'assigned' | 'queued' | 'message';
      visitor: Conversation['visitor'];
      conversation: string;
    };

type NewNotice = Notice extends infer N ? (N extends Notice ? Omit<N, 'id'> : never) : never;

export type Action = 'accept' | 'pending' | 'resolve' | 'reopen';

const FIRST: ViewPage = { status: 'loading', cursor: null, more: 'idle' };

/** Everything one signed-in agent sees: lists, the open conversation, the connection. */
export class Desk {
  readonly api: Api;
  readonly client: Client;
  readonly me;
  readonly conversations = signal<ReadonlyMap<string, Conversation>>(new Map());
  readonly pages = signal<Record<View, ViewPage>>({
    mine: FIRST,
    waiting: FIRST,
    all: FIRST,
    ended: FIRST,
  });
  readonly chat = signal<Chat | null>(null);
  readonly outbox = signal<readonly OutboxEntry[]>([]);
  readonly connection = signal<ConnectionState>(IDLE);
  readonly limitedUntil = signal(0);
  readonly progress = new UploadProgress();
  /** Messages that came in conversations which are not looked at. */
  readonly unread = signal<ReadonlyMap<string, number>>(new Map());
  readonly typing = signal<ReadonlyMap<string, Person>>(new Map());
  readonly notices = signal<readonly Notice[]>([]);
  readonly busy = signal(false);
  readonly rows = computed(() => {
    const all = [...this.conversations.value.values()];
    const me = this.me.value;
    const pick = (view: View) =>
      ordered(
        view,
        all.filter((each) => belongs(view, each, me)),
      );
    return { mine: pick('mine'), waiting: pick('waiting'), all: pick('all'), ended: pick('ended') };
  });
  readonly unreadCount = computed(() => {
    let count = 0;
    for (const conversation of this.rows.value.mine) {
      if (isUnread(conversation)) count += this.unread.value.get(conversation.id) ?? 1;
    }
    return count;
  });

  private readonly typingTimers = new Map<string, ReturnType<typeof setTimeout>>();
  private readonly undo: () => void;
  private meTimer: ReturnType<typeof setTimeout> | undefined;
  private touched: Set<string> | null = null;
  private noticeId = 0;

  constructor(server: URL, me: Agent, signedOut: () => void) {
    this.me = signal(me);
    this.api = new Api(server, null, signedOut);
    this.client = new Client({
      connect: connector(server, () => null),
      store: indexedDbStore(() => me.id),
      prepare: (client) => client.restore(),
      upload: uploadVia(this.api),
      listener: {
        state: (state) => {
          this.connection.value = state;
          if (state.phase === 'stopped') signedOut();
        },
        message: (message) => this.arrived(message),
        behind: (id) => {
          if (this.chat.value?.id === id) this.chat.value.fill();
        },
        resumed: () => this.resumed(),
        reset: () => this.reset(),
        outbox: (entries) => (this.outbox.value = entries),
        limited: (until) => (this.limitedUntil.value = until),
        progress: (id, share) => this.progress.set(id, share),
        frame: (frame) => this.hint(frame),
      },
    });
    const unwake = wakeWithPage(this.client);
    const look = () => this.chat.value?.look();
    document.addEventListener('visibilitychange', look);
    this.undo = () => {
      unwake();
      document.removeEventListener('visibilitychange', look);
    };
    void this.refresh();
    void this.client.start();
  }

  close(): void {
    this.undo();
    clearTimeout(this.meTimer);
    this.chat.value?.close();
    this.client.stop();
  }

  open(id: string | null): void {
    if (this.chat.peek()?.id === id) return;
    this.chat.peek()?.close();
    this.chat.value = id === null ? null : new Chat(this, id);
  }

  /** Loads the first page of every list anew; what changes meanwhile is kept. */
  async refresh(): Promise<void> {
    const touched = new Set<string>();
    this.touched = touched;
    const loaded = new Map<string, Conversation>();
    const results = await Promise.allSettled(
      VIEWS.map((view) => this.api.get<Page<Conversation>>('conversations', { view })),
    );
    if (this.touched !== touched) return;
    this.touched = null;
    const pages = { ...this.pages.value };
    let complete = true;
    results.forEach((result, index) => {
      const view = VIEWS[index]!;
      if (result.status === 'rejected') {
        complete = false;
        if (pages[view].status !== 'ready') pages[view] = { ...pages[view], status: 'error' };
        return;
      }
      for (const conversation of result.value.items) loaded.set(conversation.id, conversation);
      pages[view] = { status: 'ready', cursor: cursorOf(result.value), more: 'idle' };
    });
    const held = this.conversations.value;
    for (const [id, conversation] of held) {
      const keep = !complete || touched.has(id) || this.chat.value?.id === id;
      const fresh = loaded.get(id);
      if (fresh) loaded.set(id, newer(conversation, fresh));
      else if (keep) loaded.set(id, conversation);
    }
    this.conversations.value = loaded;
    this.pages.value = pages;
  }

  async retry(view: View): Promise<void> {
    this.pages.value = { ...this.pages.value, [view]: FIRST };
    await this.refresh();
  }

  async more(view: View): Promise<void> {
    const page = this.pages.value[view];
    if (page.cursor === null || page.more === 'loading') return;
    this.setPage(view, { ...page, more: 'loading' });
    try {
      const next = await this.api.get<Page<Conversation>>('conversations', {
        view,
        cursor: page.cursor,
      });
      for (const conversation of next.items) this.take(conversation);
      this.setPage(view, { status: 'ready', cursor: cursorOf(next), more: 'idle' });
    } catch {
      this.setPage(view, { ...page, more: 'error' });
    }
  }

  /** Takes a conversation as the server tells it, wherever it came from. */
  take(conversation: Conversation): void {
    this.touched?.add(conversation.id);
    const held = this.conversations.peek().get(conversation.id);
    const next = new Map(this.conversations.peek());
    next.set(conversation.id, newer(held, conversation));
    this.conversations.value = next;
  }

  seen(id: string): void {
    if (!this.unread.peek().has(id)) return;
    const unread = new Map(this.unread.peek());
    unread.delete(id);
    this.unread.value = unread;
  }

  /** True when it was done. */
  async act(id: string, action: Action): Promise<boolean> {
    return this.change(id, () => this.api.post(`conversations/${id}/${action}`));
  }

  async transfer(id: string, agent: string | null): Promise<boolean> {
    const body = agent === null ? {} : { agent_id: agent };
    return this.change(id, () => this.api.post(`conversations/${id}/transfer`, body));
  }

  async setStatus(status: Exclude<AgentStatus, 'offline'>): Promise<void> {
    const before = this.me.value;
    this.me.value = { ...before, status };
    try {
      this.me.value = await this.api.put<Agent>('agents/me/status', { status });
    } catch (error) {
      this.me.value = before;
      this.fail(error);
    }
  }

  dismiss(id: number): void {
    this.notices.value = this.notices.value.filter((notice) => notice.id !== id);
  }

  notify(notice: NewNotice): void {
    const id = ++this.noticeId;
    this.notices.value = [...this.notices.value.slice(-2), { ...notice, id } as Notice];
    setTimeout(() => this.dismiss(id), NOTICE_MS);
  }

  private async change(id: string, request: () => Promise<unknown>): Promise<boolean> {
    if (this.busy.value) return false;
    this.busy.value = true;
    try {
      this.take((await request()) as Conversation);
      this.chat.value?.follow();
      this.chat.value?.look();
      this.refreshMe();
      return true;
    } catch (error) {
      this.fail(error);
      const conflict = error instanceof ApiError && (error.status === 409 || error.status === 404);
      if (conflict) void this.reload(id);
      return false;
    } finally {
      this.busy.value = false;
    }
  }

  private fail(error: unknown): void {
    const code = error instanceof ApiError ? error.code : 'unavailable';
    this.notify({ kind: 'error', code, detail: error instanceof Error ? error.message : '' });
  }

  private async reload(id: string): Promise<void> {
    try {
      this.take(await this.api.get<Conversation>(`conversations/${id}`));
    } catch {
      // Not to be seen any more: the next refresh drops it.
    }
  }

  private setPage(view: View, page: ViewPage): void {
    this.pages.value = { ...this.pages.value, [view]: page };
  }

  private resumed(): void {
    void this.refresh();
    this.refreshMe();
    this.chat.value?.look();
  }

  private reset(): void {
    const open = this.chat.value?.id ?? null;
    this.open(null);
    this.conversations.value = new Map();
    this.unread.value = new Map();
    void this.refresh();
    if (open !== null) this.open(open);
  }

  private arrived(message: Message): void {
    const id = message.conversation_id;
    const conversation = this.conversations.value.get(id);
    if (conversation) {
      const { seq, kind, text, from, created_at } = message;
      this.take({
        ...conversation,
        last_seq: Math.max(conversation.last_seq, seq),
        updated_at: created_at > conversation.updated_at ? created_at : conversation.updated_at,
        ...(kind === 'event' ? {} : { last_message: { seq, kind, text, from, created_at } }),
      });
    } else {
      void this.reload(id);
    }
    if (this.chat.value?.id === id) this.chat.value.add(message);
    if (message.from.kind !== 'visitor' || message.kind === 'event') return;
    this.setTyping(id, null);
    if (this.chat.value?.id === id && document.visibilityState === 'visible') return;
    if (!conversation || !isMine(conversation, this.me.value)) return;
    const unread = new Map(this.unread.value);
    unread.set(id, (unread.get(id) ?? 0) + 1);
    this.unread.value = unread;
    this.notify({ kind: 'message', visitor: conversation.visitor, conversation: id });
  }

  private hint(frame: ServerFrame): void {
    switch (frame.type) {
      case 'conversation':
        this.changed(frame.change, frame.conversation);
        break;
      case 'typing':
        if (frame.from.kind === 'agent' && frame.from.id === this.me.value.id) break;
        this.setTyping(frame.conversation_id, frame.on ? frame.from : null);
        break;
      case 'read': {
        const conversation = this.conversations.value.get(frame.conversation_id);
        if (!conversation) break;
        const key = frame.from.kind === 'visitor' ? 'visitor_read_seq' : 'agent_read_seq';
        this.take({ ...conversation, [key]: Math.max(conversation[key], frame.seq) });
        break;
      }
      case 'presence':
        if (frame.from.kind === 'agent' && frame.from.id === this.me.value.id) {
          this.me.value = { ...this.me.value, status: frame.status };
        }
        break;
    }
  }

  private changed(change: ConversationChange, conversation: Conversation): void {
    const me = this.me.value;
    const before = this.conversations.value.get(conversation.id);
    const wasMine = before !== undefined && isMine(before, me);
    const mine = isMine(conversation, me);
    this.take(conversation);
    if (mine || wasMine) this.refreshMe();
    if (this.chat.value?.id === conversation.id) {
      this.chat.value.follow();
      this.chat.value.look();
      return;
    }
    const { id, visitor } = conversation;
    if (mine && !wasMine && (change === 'assigned' || change === 'transferred')) {
      this.notify({ kind: 'assigned', visitor, conversation: id });
    } else if (change === 'queued' && before?.state !== 'queued') {
      this.notify({ kind: 'queued', visitor, conversation: id });
    }
  }

  private setTyping(id: string, from: Person | null): void {
    clearTimeout(this.typingTimers.get(id));
    this.typingTimers.delete(id);
    if (from) {
      this.typingTimers.set(
        id,
        setTimeout(() => this.setTyping(id, null), TYPING_SHOWN_MS),
      );
    } else if (!this.typing.value.has(id)) {
      return;
    }
    const typing = new Map(this.typing.value);
    if (from) typing.set(id, from);
    else typing.delete(id);
    this.typing.value = typing;
  }

  /** Status and load are the server's to know; asks once for changes that come together. */
  private refreshMe(): void {
    clearTimeout(this.meTimer);
    this.meTimer = setTimeout(() => {
      this.api.get<Agent>('auth/me').then(
        (me) => (this.me.value = me),
        () => undefined,
      );
    }, ME_DELAY_MS);
  }
}

function cursorOf(page: Page<unknown>): string | null {
  return page.has_more ? (page.next_cursor ?? null) : null;
}
