import { signal } from '@preact/signals';
import { ApiError } from '../../protocol/api';
import { History, type HistoryState, UNLOADED } from '../../protocol/history';
import type { Conversation, Message, Visitor } from '../../protocol/types';
import { TypingNotifier } from '../../protocol/typing';
import type { Desk } from '../desk';
import { isMine } from '../list/views';

export type ChatStatus = 'loading' | 'ready' | 'error' | 'forbidden' | 'gone';

/** The conversation that is open in the middle. */
export class Chat {
  readonly id: string;
  readonly status = signal<ChatStatus>('loading');
  readonly history = signal<HistoryState>(UNLOADED);
  readonly visitor = signal<Visitor | 'loading' | 'error'>('loading');
  /** What came after it had not been read when the conversation was opened. */
  unreadSeq: number | undefined;
  private readonly desk: Desk;
  private readonly log: History;
  private readonly notifier: TypingNotifier;
  private readSeq = 0;
  private closed = false;

  constructor(desk: Desk, id: string) {
    this.desk = desk;
    this.id = id;
    this.log = new History(desk.api, id, (state) => (this.history.value = state));
    this.notifier = new TypingNotifier((on) => desk.client.typing(id, on));
    void this.load();
  }

  get conversation(): Conversation | undefined {
    return this.desk.conversations.value.get(this.id);
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
      this.unreadSeq ??= conversation.agent_read_seq;
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

  older(): void {
    void this.log.loadOlder();
  }

  reach(seq: number): Promise<void> {
    return this.log.reach(seq);
  }

  add(message: Message): void {
    this.log.add(message);
    this.look();
  }

  fill(): void {
    void this.log.fill(this.desk.client).then(
      () => this.look(),
      () => undefined,
    );
  }

  input(text: string, note: boolean): void {
    // What an agent notes is nothing that the visitor should see coming.
    if (note) this.notifier.stop();
    else this.notifier.input(text);
  }

  send(text: string, note: boolean): void {
    this.notifier.stop();
    this.desk.client.send(this.id, { kind: note ? 'note' : 'text', text });
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
    const due = seq > Math.max(this.readSeq, conversation.agent_read_seq);
    if (!due || !isMine(conversation, this.desk.me.value)) return;
    if (this.desk.connection.value.phase !== 'online') return;
    this.readSeq = seq;
    this.desk.client.read(this.id, seq);
    this.desk.take({ ...conversation, agent_read_seq: seq });
  }

  close(): void {
    this.closed = true;
    this.notifier.stop();
    this.desk.client.unwatch(this.id);
  }
}
