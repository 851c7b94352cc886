import { computed, signal } from '@preact/signals';
import { ApiError } from '../../protocol/agent-api';
import { History, type HistoryState, UNLOADED } from '../../protocol/history';
import type {
  Conversation,
  Message,
  Page,
  PageVisit,
  ServerFrame,
  Visitor,
} from '../../protocol/types';
import type { Desk } from '../desk';
import { isMine, isUnread } from '../list/views';
import { isExternal } from './event-text';
import { Handling } from './handling';
import { summaryOf, unworded } from './summary';
import type { Warned } from './warnings';
import { Writing } from './writing';

export type ChatStatus = 'loading' | 'ready' | 'error' | 'forbidden' | 'gone';

/** What is open beside the conversation; each is loaded when it is first wanted. */
export type Panel =
  | { kind: 'transfer' | 'canned' | 'knowledge' | 'card' | 'form' | 'whisper' }
  | { kind: 'reveal'; message: Message };

/** The conversation that is open in the middle. */
export class Chat {
  readonly id: string;
  readonly desk: Desk;
  readonly writing: Writing;
  readonly handling: Handling;
  readonly status = signal<ChatStatus>('loading');
  readonly visitor = signal<Visitor | 'loading' | 'error'>('loading');
  /** Whether the visitor has the chat open; null until that is heard. */
  readonly online = signal<boolean | null>(null);
  /** The last page that the visitor looked at. */
  readonly page = signal<PageVisit | null>(null);
  readonly panel = signal<Panel | null>(null);
  /** Messages with nothing masked, as long as the conversation is looked at. */
  readonly revealed = signal<ReadonlyMap<number, Message>>(new Map());
  readonly history = computed(() =>
    shown(this.logged.value, this.stored.value, this.revealed.value),
  );
  /** Own messages that the server stored with other words than were sent. */
  private readonly stored = signal<ReadonlyMap<number, Message>>(new Map());
  private readonly logged = signal<HistoryState>(UNLOADED);
  /** What came after it was new when the conversation was opened. */
  unreadSeq: number | undefined;
  private readonly log: History;
  private readSeq = 0;
  private readonly unlisten: () => void;
  private closed = false;

  constructor(desk: Desk, id: string) {
    this.desk = desk;
    this.id = id;
    this.writing = new Writing(desk, id);
    this.handling = new Handling(desk, id);
    this.log = new History(desk.api, id, (state) => (this.logged.value = state));
    this.unlisten = desk.listen({ frame: (frame) => this.hint(frame) });
    void this.load();
  }

  get conversation(): Conversation | undefined {
    return this.desk.conversation(this.id);
  }

  async load(): Promise<void> {
    this.status.value = 'loading';
    try {
      const [conversation] = await Promise.all([
        this.desk.api.get<Conversation>(`conversations/${this.id}`),
        this.log.load(this.desk.client),
      ]);
      if (this.closed) return;
      this.desk.take(conversation);
      const news = isMine(conversation, this.desk.me.value) && isUnread(conversation);
      if (news) this.unreadSeq ??= conversation.agent_read_seq;
      this.status.value = 'ready';
      this.follow();
      this.look();
      void this.loadVisitor();
    } catch (error) {
      const status = error instanceof ApiError ? error.status : 0;
      this.status.value = status === 403 ? 'forbidden' : status === 404 ? 'gone' : 'error';
    }
  }

  async loadVisitor(): Promise<void> {
    const id = this.conversation?.visitor.id;
    if (!id) return;
    if (typeof this.visitor.value === 'string') this.visitor.value = 'loading';
    try {
      this.visitor.value = await this.desk.api.get<Visitor>(`visitors/${id}`);
    } catch {
      if (typeof this.visitor.value === 'string') this.visitor.value = 'error';
    }
  }

  /** Which page the visitor is at: an extra that is left out when it cannot be had. */
  async loadPage(): Promise<void> {
    const id = this.conversation?.visitor.id;
    if (!id) return;
    const path = `visitors/${id}/pages`;
    const pages = await this.desk.api.get<Page<PageVisit>>(path).catch(() => null);
    if (pages) this.page.value = pages.items[0] ?? null;
  }

  older(): void {
    void this.log.loadOlder();
  }

  /** Loads the log back to an earlier message. */
  reach(seq: number): Promise<void> {
    return this.log.reach(seq);
  }

  add(message: Message): void {
    if (message.from.kind === 'visitor' && message.kind !== 'event') this.online.value = true;
    // What happened while it was somebody else's was not told.
    const gap = message.prev_seq > this.log.lastSeq;
    this.log.add(message);
    if (gap) this.fill();
    this.look();
  }

  fill(): void {
    void this.log.fill(this.desk.client).then(
      () => this.look(),
      () => undefined,
    );
  }

  /** A message went out, but not as it was written, or with words that are watched. */
  warned({ seq, warning }: Warned): void {
    this.writing.trouble.value = { kind: warning === 'masked' ? 'masked' : 'sensitive' };
    if (warning !== 'masked') return;
    this.desk.api.messages(this.id, { after_seq: seq - 1, limit: 1 }).then(
      ({ items }) => {
        const message = items[0];
        if (message?.seq === seq) this.stored.value = new Map(this.stored.peek()).set(seq, message);
      },
      () => undefined,
    );
  }

  /** Shows a message with nothing masked; throws when it may not be. */
  async reveal(message: Message, reason: string): Promise<void> {
    const path = `conversations/${this.id}/messages/${message.seq}/reveal`;
    const clear = await this.desk.api.post<Message>(path, { reason });
    this.revealed.value = new Map(this.revealed.peek()).set(message.seq, clear);
  }

  hide(seq: number): void {
    const revealed = new Map(this.revealed.peek());
    revealed.delete(seq);
    this.revealed.value = revealed;
  }

  /** Entries of conversations of others come only when asked for. */
  follow(): void {
    const conversation = this.conversation;
    if (!conversation || this.status.value !== 'ready' || this.closed) return;
    if (!isMine(conversation, this.desk.me.value)) this.desk.client.watch(this.id);
  }

  /** Marks as read what is in sight, if it is this agent's to read. */
  look(): void {
    const conversation = this.conversation;
    const seq = this.log.lastSeq;
    if (!conversation || document.visibilityState !== 'visible') return;
    this.desk.seen(this.id);
    if (seq > 0) this.desk.mentions.seen(this.id, seq);
    const marked = conversation.marked_unread ?? false;
    const due = marked || seq > Math.max(this.readSeq, conversation.agent_read_seq);
    if (!due || !isMine(conversation, this.desk.me.value)) return;
    if (this.desk.connection.value.phase !== 'online') return;
    this.readSeq = seq;
    this.desk.client.read(this.id, seq);
    this.desk.take({ ...conversation, agent_read_seq: seq, marked_unread: false });
  }

  close(): void {
    this.closed = true;
    this.unlisten();
    this.writing.close();
    this.desk.client.unwatch(this.id);
  }

  private hint(frame: ServerFrame): void {
    const visitor = this.conversation?.visitor.id;
    if (frame.type !== 'presence' || frame.from.kind !== 'visitor') return;
    if (frame.from.id === visitor) this.online.value = frame.status !== 'offline';
  }
}

const events = new WeakMap<Message, Message>();

/** What only agents hear of is a note on the wire, and reads like any other event; the same one each time. */
function asEvent(message: Message): Message {
  const event = events.get(message) ?? { ...message, kind: 'event' };
  events.set(message, event);
  return event;
}

function shown(
  state: HistoryState,
  stored: ReadonlyMap<number, Message>,
  revealed: ReadonlyMap<number, Message>,
): HistoryState {
  const isOther = (each: Message) => isExternal(each) || summaryOf(each) !== null;
  if (stored.size === 0 && revealed.size === 0 && !state.items.some(isOther)) return state;
  const items = state.items.map((each) => {
    if (isExternal(each)) return asEvent(each);
    if (summaryOf(each)) return unworded(each);
    // What was changed meanwhile is read anew by the log itself.
    const instead = revealed.get(each.seq) ?? stored.get(each.seq);
    return instead && (instead.revision ?? null) === (each.revision ?? null) ? instead : each;
  });
  return { ...state, items };
}
