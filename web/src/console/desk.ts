import { computed, signal } from '@preact/signals';
import { AgentApi, ApiError } from '../protocol/agent-api';
import { type ConnectionState, IDLE, type Listener } from '../protocol/connection';
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
  Priority,
  ServerFrame,
} from '../protocol/types';
import { uploadsVia } from '../protocol/uploads';
import { WatchingClient } from '../protocol/watching';
import { wakeWithPage } from '../protocol/wake';
import { FrameMap } from '../ui/frame-map';
import { UploadProgress } from '../ui/progress';
import { Chat } from './chat/chat';
import { openDrafts } from './chat/drafts';
import { hearingWarnings, type Warned } from './chat/warnings';
import { Directory } from './directory';
import { Conversations } from './list/conversations';
import { Counts } from './list/counts';
import { askEnding } from './list/ending';
import { Mentions } from './list/mentions';
import { Pager } from './list/pager';
import { isMine, isUnread, unansweredAfter } from './list/views';
import { withPresence } from './presence';
import { go, route } from './router';
import { type AlertEvent, type NewNotice, NoticeBoard } from './shell/notice-board';

const TYPING_SHOWN_MS = 6_000;
const ME_DELAY_MS = 400;
const BULK_AT_ONCE = 4;

/** What a page beside the desk hears of the connection. */
export type DeskListener = Partial<
  Pick<Listener, 'message' | 'behind' | 'resumed' | 'reset' | 'frame'>
>;

/** What could not be done with one of many, and why. */
export interface BulkFailure {
  readonly id: string;
  readonly code: string;
  readonly detail: string;
}

/** What is done with each of many; answered with the conversation, where the server tells it. */
export type Change = (id: string) => Promise<Conversation | void>;

export interface BulkOutcome {
  readonly done: number;
  readonly failures: readonly BulkFailure[];
  /** Does it again with those that failed. */
  again(): Promise<void>;
}

export type Action = 'accept' | 'pending' | 'resolve' | 'reopen';

/** Everything one signed-in agent sees: lists, the open conversation, the connection. */
export class Desk {
  readonly api: AgentApi;
  readonly client: WatchingClient;
  readonly me;
  readonly known: Conversations;
  readonly list: Pager;
  readonly directory: Directory;
  readonly counts: Counts;
  readonly mentions: Mentions;
  readonly board = new NoticeBoard();
  /** Conversations that are chosen in the list. */
  readonly selection = signal<ReadonlySet<string>>(new Set());
  /** Something is being done with many. */
  readonly bulkBusy = signal(false);
  /** How the last of these went, if not all went well. */
  readonly bulkOutcome = signal<BulkOutcome | null>(null);
  /** Why one may be busy or away; null until it is known. */
  readonly reasons = signal<readonly string[] | null>(null);
  readonly chat = signal<Chat | null>(null);
  readonly outbox = signal<readonly OutboxEntry[]>([]);
  readonly connection = signal<ConnectionState>(IDLE);
  readonly limitedUntil = signal(0);
  readonly progress = new UploadProgress();
  readonly busy = signal(false);
  /** How many conversations changed while the connection was away, once that is known. */
  readonly caughtUp = signal(0);
  readonly unreadCount = computed(() => {
    const me = this.me.value;
    const unread = this.unread.value;
    let count = 0;
    for (const conversation of this.known.values()) {
      if (!isMine(conversation, me) || !isUnread(conversation)) continue;
      count += unread.get(conversation.id) ?? 1;
    }
    return count;
  });

  private readonly unreadCounts = new FrameMap<number>();
  private readonly typers = new FrameMap<Person>();
  private readonly typingTimers = new Map<string, ReturnType<typeof setTimeout>>();
  private readonly reloading = new Set<string>();
  /** What this page is changing itself needs no notice. */
  private readonly changing = new Set<string>();
  private readonly listeners = new Set<DeskListener>();
  private readonly undo: () => void;
  private headsWhenLost: ReadonlyMap<string, number> | null = null;
  private meTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(server: URL, me: Agent, signedOut: () => void) {
    this.me = signal(me);
    openDrafts(me.id);
    this.api = new AgentApi(server, null, signedOut);
    this.known = new Conversations(me);
    this.list = new Pager(this.api, this.known, (id) => this.chat.peek()?.id === id);
    this.counts = new Counts(this.api, this.known, this.list);
    this.mentions = new Mentions(this.api, this.known);
    this.directory = new Directory(this.api);
    this.client = new WatchingClient({
      connect: hearingWarnings(connector(server, () => null), (ack) => this.warned(ack)),
      store: indexedDbStore(() => me.id),
      prepare: (client) => client.restore(),
      uploads: uploadsVia(this.api),
      listener: {
        state: (state) => {
          const lost = this.connection.peek().phase === 'online' && state.phase !== 'online';
          if (lost) this.headsWhenLost = this.known.heads();
          this.connection.value = state;
          if (state.phase === 'stopped') signedOut();
        },
        message: (message) => {
          this.arrived(message);
          for (const each of this.listeners) each.message?.(message);
        },
        behind: (id) => {
          if (this.chat.value?.id === id) this.chat.value.fill();
          for (const each of this.listeners) each.behind?.(id);
        },
        resumed: (epoch) => {
          void this.resumed();
          for (const each of this.listeners) each.resumed?.(epoch);
        },
        reset: () => {
          this.reset();
          for (const each of this.listeners) each.reset?.();
        },
        outbox: (entries) => (this.outbox.value = entries),
        limited: (until) => (this.limitedUntil.value = until),
        progress: (id, share) => this.progress.set(id, share),
        frame: (frame) => {
          this.hint(frame);
          for (const each of this.listeners) each.frame?.(frame);
        },
      },
    });
    const unwake = wakeWithPage(this.client);
    const look = () => this.chat.value?.look();
    document.addEventListener('visibilitychange', look);
    this.undo = () => {
      unwake();
      document.removeEventListener('visibilitychange', look);
    };
    void this.list.refresh();
    void this.directory.load();
    void this.client.start();
  }

  close(): void {
    this.undo();
    clearTimeout(this.meTimer);
    this.typingTimers.forEach((timer) => clearTimeout(timer));
    this.chat.value?.close();
    this.client.stop();
    this.known.close();
    this.unreadCounts.close();
    this.typers.close();
    this.counts.close();
  }

  /** All that are known, anew after every change; one alone is had from `conversation`. */
  get conversations() {
    return this.known.all;
  }

  get rows() {
    return this.known.rows;
  }

  get notices() {
    return this.board.notices;
  }

  /** Messages that came in conversations which are not looked at. */
  get unread() {
    return this.unreadCounts.state;
  }

  get typing() {
    return this.typers.state;
  }

  conversation(id: string): Conversation | undefined {
    return this.known.get(id);
  }

  /** Has a page hear what comes, after the desk itself; returns how to stop. */
  listen(listener: DeskListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  open(id: string | null): void {
    if (this.chat.peek()?.id === id) return;
    this.chat.peek()?.close();
    this.chat.value = id === null ? null : new Chat(this, id);
  }

  /** Takes a conversation as the server tells it, wherever it came from. */
  take(conversation: Conversation): void {
    this.known.take(conversation);
  }

  seen(id: string): void {
    this.unreadCounts.delete(id);
    this.board.settle(id, 'message');
  }

  /** True when it was done; what the inbox wants to know of its end is asked for first. */
  async act(id: string, action: Action): Promise<boolean> {
    if (action !== 'resolve') return this.change(id, () => this.request(id, action));
    const ending = await askEnding(this, [id]);
    if (ending === null) return false;
    return this.change(id, () => this.api.post(`conversations/${id}/resolve`, ending));
  }

  async transfer(id: string, agent: string | null): Promise<boolean> {
    const body = agent === null ? {} : { agent_id: agent };
    return this.change(id, () => this.api.post(`conversations/${id}/transfer`, body));
  }

  async prioritise(id: string, priority: Priority): Promise<boolean> {
    return this.change(id, () => this.api.put(`conversations/${id}/priority`, { priority }));
  }

  /** Leaves what is offered to this agent to somebody else. */
  async decline(id: string): Promise<boolean> {
    return this.change(id, () => this.api.post(`conversations/${id}/decline`));
  }

  /** Carries out a request that is answered with the conversation; true when it was done. */
  perform(id: string, request: () => Promise<unknown>): Promise<boolean> {
    return this.change(id, request);
  }

  /** Sets it aside until a time. */
  async snooze(id: string, until: Date): Promise<boolean> {
    return this.change(id, () => this.api.post(`conversations/${id}/snooze`, { until }));
  }

  /** Marks it as unread. Who looks at it closes it: otherwise it would be read again at once. */
  async markUnread(id: string): Promise<boolean> {
    const { view, conversation } = route.peek();
    if (conversation === id) {
      this.open(null);
      go(view, null);
    }
    return this.change(id, () => this.api.post(`conversations/${id}/unread`));
  }

  /** Takes them from the queue, or from whoever has them. */
  claim(id: string): Promise<Conversation> {
    return this.request(id, 'take');
  }

  /** Does the same with many, a few at a time; those with which it could not be done stay chosen. */
  async bulk(ids: readonly string[], one: Change): Promise<BulkOutcome> {
    const left = [...ids];
    const failures: BulkFailure[] = [];
    const work = async () => {
      for (let id = left.shift(); id !== undefined; id = left.shift()) {
        this.changing.add(id);
        try {
          const changed = await one(id);
          if (changed) this.take(changed);
          else void this.reload(id);
        } catch (error) {
          const code = error instanceof ApiError ? error.code : 'unavailable';
          failures.push({ id, code, detail: error instanceof Error ? error.message : '' });
          void this.reload(id);
        } finally {
          this.changing.delete(id);
        }
      }
    };
    this.bulkBusy.value = true;
    await Promise.all(Array.from({ length: BULK_AT_ONCE }, work));
    this.bulkBusy.value = false;
    this.refreshMe();
    const failed = failures.map(({ id }) => id);
    const outcome: BulkOutcome = {
      done: ids.length - failures.length,
      failures,
      again: async () => void (await this.bulk(failed, one)),
    };
    this.selection.value = new Set(failed);
    this.bulkOutcome.value = failures.length > 0 ? outcome : null;
    if (failures.length === 0) this.notify({ kind: 'bulk', done: outcome.done });
    return outcome;
  }

  async setStatus(status: Exclude<AgentStatus, 'offline'>, reason?: string): Promise<void> {
    const before = this.me.value;
    const { status_reason: _, ...rest } = before;
    this.me.value = { ...rest, status, ...(reason === undefined ? {} : { status_reason: reason }) };
    try {
      this.setMe(await this.api.put<Agent>('agents/me/status', { status, reason }));
    } catch (error) {
      this.me.value = before;
      this.fail(error);
    }
  }

  /** Asks once which reasons there are; without an answer there are none. */
  async loadReasons(): Promise<void> {
    if (this.reasons.peek() !== null) return;
    const page = await this.api.get<Page<string>>('agents/break-reasons').catch(() => null);
    if (page) this.reasons.value = page.items;
  }

  dismiss(id: number): void {
    this.board.dismiss(id);
  }

  notify(notice: NewNotice): void {
    this.board.add(notice);
  }

  private request(id: string, action: Action | 'take'): Promise<Conversation> {
    const path = `conversations/${id}`;
    if (action !== 'take') return this.api.post(`${path}/${action}`);
    const waits = this.known.peek(id)?.state === 'queued';
    if (waits) return this.api.post(`${path}/accept`);
    return this.api.post(`${path}/transfer`, { agent_id: this.me.peek().id });
  }

  private async change(id: string, request: () => Promise<unknown>): Promise<boolean> {
    if (this.busy.value) return false;
    this.busy.value = true;
    this.changing.add(id);
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
      this.changing.delete(id);
    }
  }

  private warned(ack: Warned): void {
    if (this.chat.peek()?.id === ack.conversation_id) this.chat.peek()?.warned(ack);
  }

  private fail(error: unknown): void {
    const code = error instanceof ApiError ? error.code : 'unavailable';
    this.notify({ kind: 'error', code, detail: error instanceof Error ? error.message : '' });
  }

  private async reload(id: string): Promise<void> {
    if (this.reloading.has(id)) return;
    this.reloading.add(id);
    try {
      this.take(await this.api.get<Conversation>(`conversations/${id}`));
    } catch {
      // Not to be seen any more: the next refresh drops it.
    } finally {
      this.reloading.delete(id);
    }
  }

  private async resumed(): Promise<void> {
    this.refreshMe();
    this.chat.value?.look();
    const before = this.headsWhenLost;
    await this.list.refresh();
    this.counts.soon();
    // After it, which forgets what is in no list.
    void this.mentions.load().then(() => this.chat.value?.look());
    if (before) this.caughtUp.value = this.known.changedSince(before);
  }

  private reset(): void {
    const open = this.chat.value?.id ?? null;
    this.open(null);
    this.known.clear();
    this.unreadCounts.clear();
    void this.list.refresh();
    if (open !== null) this.open(open);
  }

  private arrived(message: Message): void {
    const id = message.conversation_id;
    const conversation = this.known.peek(id);
    if (conversation) {
      const { seq, kind, text, from, created_at } = message;
      this.take({
        ...conversation,
        last_seq: Math.max(conversation.last_seq, seq),
        updated_at: created_at > conversation.updated_at ? created_at : conversation.updated_at,
        unanswered_since: unansweredAfter(conversation, message),
        ...(kind === 'event' ? {} : { last_message: { seq, kind, text, from, created_at } }),
      });
    } else {
      void this.reload(id);
    }
    const isOpen = this.chat.peek()?.id === id;
    if (isOpen) this.chat.peek()?.add(message);
    if (message.from.kind !== 'visitor' || message.kind === 'event') return;
    this.setTyping(id, null);
    if (isOpen && document.visibilityState === 'visible') return;
    if (!conversation || !isMine(conversation, this.me.peek())) return;
    this.unreadCounts.set(id, (this.unreadCounts.get(id) ?? 0) + 1);
    this.alert('message', conversation, message.text);
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
        const conversation = this.known.peek(frame.conversation_id);
        if (!conversation) break;
        const key = frame.from.kind === 'visitor' ? 'visitor_read_seq' : 'agent_read_seq';
        this.take({ ...conversation, [key]: Math.max(conversation[key], frame.seq) });
        break;
      }
      case 'presence':
        if (frame.from.kind === 'agent' && frame.from.id === this.me.value.id) {
          this.me.value = withPresence(this.me.value, frame);
        }
        break;
    }
  }

  private changed(change: ConversationChange, conversation: Conversation): void {
    const me = this.me.peek();
    const { id } = conversation;
    const before = this.known.peek(id);
    const wasMine = before !== undefined && isMine(before, me);
    const mine = isMine(conversation, me);
    this.take(conversation);
    if (before?.state !== conversation.state || mine !== wasMine) this.counts.soon();
    if (mine || wasMine) this.refreshMe();
    const offered = conversation.offer?.agent.id === me.id;
    if (!offered) this.board.settle(id, 'offered');
    if (conversation.state !== 'queued') this.board.settle(id, 'queued');
    const open = this.chat.peek();
    if (open?.id === id) {
      open.follow();
      open.look();
    }
    if (change === 'mentioned') {
      this.mentions.add(id);
      if (open?.id === id && document.visibilityState === 'visible') open.look();
      else this.alert('mention', conversation, conversation.last_message?.text);
    } else if (offered && change === 'offered') {
      this.alert('offered', conversation);
    } else if (change === 'overdue') {
      if (mine || conversation.state === 'queued') this.alert('overdue', conversation);
    } else if (open?.id === id || this.changing.has(id)) {
      return;
    } else if (mine && !wasMine && (change === 'assigned' || change === 'transferred')) {
      this.alert('assigned', conversation);
    } else if (change === 'queued' && before?.state !== 'queued') {
      this.alert('queued', conversation);
    }
  }

  private alert(kind: AlertEvent, { id, visitor }: Conversation, text?: string): void {
    this.notify({ kind, visitor, conversation: id, ...(text === undefined ? {} : { text }) });
  }

  private setTyping(id: string, from: Person | null): void {
    clearTimeout(this.typingTimers.get(id));
    this.typingTimers.delete(id);
    if (from === null) {
      this.typers.delete(id);
      return;
    }
    this.typers.set(id, from);
    const over = setTimeout(() => this.setTyping(id, null), TYPING_SHOWN_MS);
    this.typingTimers.set(id, over);
  }

  private setMe(me: Agent): void {
    this.me.value = me;
    this.known.setMe(me);
  }

  /** Status and load are the server's to know; asks once for changes that come together. */
  private refreshMe(): void {
    clearTimeout(this.meTimer);
    this.meTimer = setTimeout(() => {
      this.api.get<Agent>('auth/me').then(
        (me) => this.setMe(me),
        () => undefined,
      );
    }, ME_DELAY_MS);
  }
}
