import { signal } from '@preact/signals';
import { ApiError } from '../../protocol/agent-api';
import { History, type HistoryState, UNLOADED } from '../../protocol/history';
import type { Conversation } from '../../protocol/types';
import { uuid } from '../../protocol/uuid';
import type { Desk } from '../desk';
import { isMine } from '../list/views';

export type WatchStatus = 'loading' | 'ready' | 'error' | 'forbidden' | 'gone';
export type Oversight = 'join' | 'leave' | 'takeover';

export type Whispering =
  | { kind: 'idle' | 'sending' | 'sent' }
  | { kind: 'failed'; error: unknown };

/** A conversation that a supervisor looks into beside the live list. */
export class Watch {
  readonly id: string;
  readonly status = signal<WatchStatus>('loading');
  readonly conversation = signal<Conversation | null>(null);
  readonly history = signal<HistoryState>(UNLOADED);
  readonly whispering = signal<Whispering>({ kind: 'idle' });
  readonly acting = signal<Oversight | null>(null);
  /** Why the last step was refused. */
  readonly refusal = signal<unknown>(null);
  private readonly desk: Desk;
  private readonly log: History;
  private readonly unlisten: () => void;
  private unsent: { id: string; text: string } | null = null;
  private closed = false;

  constructor(desk: Desk, id: string) {
    this.desk = desk;
    this.id = id;
    this.log = new History(desk.api, id, (state) => (this.history.value = state));
    this.unlisten = desk.listen({
      message: (message) => {
        if (message.conversation_id === id) this.log.add(message);
      },
      behind: (behind) => {
        if (behind === id) void this.log.fill(desk.client).catch(() => undefined);
      },
      frame: (frame) => {
        if (frame.type === 'conversation' && frame.conversation.id === id) {
          this.take(frame.conversation);
        }
      },
    });
    void this.load();
  }

  async load(): Promise<void> {
    this.status.value = 'loading';
    try {
      const [conversation] = await Promise.all([
        this.desk.api.get<Conversation>(`conversations/${this.id}`),
        this.log.load(this.desk.client),
      ]);
      if (this.closed) return;
      this.take(conversation);
      this.status.value = 'ready';
    } catch (error) {
      const status = error instanceof ApiError ? error.status : 0;
      this.status.value = status === 403 ? 'forbidden' : status === 404 ? 'gone' : 'error';
    }
  }

  older(): void {
    void this.log.loadOlder();
  }

  close(): void {
    this.closed = true;
    this.unlisten();
    // Who takes part goes on hearing of it.
    if (!this.takesPart) this.desk.client.unwatch(this.id);
  }

  /** It is this agent's, or was joined. */
  get takesPart(): boolean {
    const me = this.desk.me.value;
    const conversation = this.conversation.value;
    if (!conversation) return false;
    const joined = conversation.joined ?? [];
    return isMine(conversation, me) || joined.some(({ id }) => id === me.id);
  }

  take(conversation: Conversation): void {
    const held = this.conversation.peek();
    if (held && conversation.updated_at < held.updated_at) return;
    this.conversation.value = conversation;
    // Entries of conversations of others come only when asked for.
    if (!this.closed && !isMine(conversation, this.desk.me.peek())) this.desk.client.watch(this.id);
  }

  async act(act: Oversight): Promise<void> {
    if (this.acting.peek() !== null) return;
    this.acting.value = act;
    this.refusal.value = null;
    try {
      const path = `conversations/${this.id}/${act}`;
      const conversation = await this.desk.api.post<Conversation>(path);
      this.take(conversation);
      this.desk.take(conversation);
    } catch (error) {
      this.refusal.value = error;
      void this.reload();
    } finally {
      this.acting.value = null;
    }
  }

  /** True when it arrived. What failed is sent again under its first number. */
  async whisper(text: string): Promise<boolean> {
    if (this.whispering.peek().kind === 'sending') return false;
    if (this.unsent?.text !== text) this.unsent = { id: uuid(), text };
    this.whispering.value = { kind: 'sending' };
    try {
      const body = { client_id: this.unsent.id, text };
      await this.desk.api.post(`conversations/${this.id}/whisper`, body);
      this.unsent = null;
      this.whispering.value = { kind: 'sent' };
      return true;
    } catch (error) {
      this.whispering.value = { kind: 'failed', error };
      void this.reload();
      return false;
    }
  }

  private async reload(): Promise<void> {
    try {
      this.take(await this.desk.api.get<Conversation>(`conversations/${this.id}`));
    } catch {
      // What is shown stays; the refusal says what is wrong.
    }
  }
}
