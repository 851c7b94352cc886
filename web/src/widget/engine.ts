import { effect } from '@preact/signals';
import type { Api } from '../protocol/api';
import { Client } from '../protocol/client';
import type { ConnectionState } from '../protocol/connection';
import { History, UNLOADED } from '../protocol/history';
import type { OutboxStore } from '../protocol/outbox';
import { connector } from '../protocol/transport';
import type { Conversation, Message, Person, ServerFrame } from '../protocol/types';
import { wakeWithPage } from '../protocol/wake';
import { UploadProgress } from '../ui/progress';
import type { Command, Engine, Line } from './line';
import { lateUploads } from './late-uploads';

const TYPING_SHOWN_MS = 6_000;
/** What nobody waits for keeps out of the way of a first message. */
export const REST_MS = 1_000;

export interface EngineOptions {
  server: URL;
  api: Api;
  store: OutboxStore;
  me(): Person;
  /** Makes sure of a session; true when the conversation has just begun and is known to be empty. */
  prepare(): Promise<boolean>;
  /** Why the log could not be read; true when the visitor begins anew as somebody else. */
  forget(error: unknown): boolean;
  /** The server no longer knows the token. */
  expired(state: ConnectionState): void;
}

/** Keeps the visitor's connection and the log of one conversation, and tells the line. */
export class ChatEngine implements Engine {
  private readonly options: EngineOptions;
  private readonly line: Line;
  private readonly client: Client;
  private readonly progress = new UploadProgress();
  private readonly stops: (() => void)[];
  private log: History | null = null;
  /** Nothing has happened yet in a conversation that has just begun. */
  private isUntouched = false;
  private readSeq = 0;
  private typingTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(line: Line, options: EngineOptions) {
    const { server, api, store } = options;
    const { shared } = line;
    this.line = line;
    this.options = options;
    this.client = new Client({
      connect: connector(server, () => api.token),
      store,
      prepare: () => this.prepare(),
      uploads: lateUploads(api),
      listener: {
        state: (state) => this.moved(state),
        message: (message) => this.arrived(message),
        behind: () => void this.log?.fill(this.client).catch(() => undefined),
        resumed: () => this.resumed(),
        reset: () => this.reset(),
        outbox: (entries) => (shared.outbox.value = entries),
        limited: (until) => (shared.limitedUntil.value = until),
        progress: (id, share) => this.progress.set(id, share),
        frame: (frame) => this.hint(frame),
      },
    });
    this.stops = [
      wakeWithPage(this.client),
      effect(() => {
        shared.uploads.value = this.progress.shares.value;
      }),
    ];
    void this.client.start();
  }

  run(command: Command): void {
    const id = this.line.shared.id.value;
    switch (command.do) {
      case 'send': {
        const { entry } = command;
        const { outbox, history } = this.line.shared;
        const known = [...outbox.value, ...history.value.items];
        // A tab that took the lead over is told again what it may have found already.
        if (known.some(({ client_id }) => client_id === entry.client_id)) break;
        this.client.send(entry.conversation_id, entry);
        break;
      }
      case 'resend':
        this.client.resend(command.id);
        break;
      case 'discard':
        this.client.discard(command.id);
        break;
      case 'typing':
        if (id) this.client.typing(id, command.on);
        break;
      case 'read':
        this.read(command.seq);
        break;
      case 'show':
        void this.show(command.id);
        break;
      case 'older':
        void this.log?.loadOlder();
        break;
      case 'reach':
        void this.log?.reach(command.seq);
        break;
      case 'wake':
        this.client.wake();
        break;
    }
  }

  stop(): void {
    for (const stop of this.stops) stop();
    clearTimeout(this.typingTimer);
    this.client.stop();
  }

  private async prepare(): Promise<void> {
    let isNew: boolean;
    try {
      isNew = await this.begin();
    } catch (error) {
      if (!this.options.forget(error)) throw error;
      isNew = await this.begin();
    }
    if (isNew) {
      // Somebody new has left nothing behind that would have to be waited for.
      setTimeout(() => void this.client.restore(), REST_MS);
      const { api, me } = this.options;
      this.client.hurry(me(), (message) =>
        api.post(`conversations/${message.conversation_id}/messages`, message),
      );
    } else {
      await this.client.restore();
    }
    this.client.settle(this.log?.state.items ?? []);
    this.line.hand();
  }

  /** True when nothing was said before. */
  private async begin(): Promise<boolean> {
    const isEmpty = await this.options.prepare();
    const { id, history } = this.line.shared;
    if (!id.value) return isEmpty;
    if (!isEmpty) {
      await this.load(id.value);
      return false;
    }
    // Nothing has been said: what the server would answer is known.
    this.isUntouched = true;
    this.log = this.history(id.value);
    this.log.state = history.value;
    this.client.setPosition(id.value, 0);
    return true;
  }

  private history(id: string): History {
    const log = new History(this.options.api, id, (state) => {
      if (this.log === log) this.line.shared.history.value = state;
    });
    return log;
  }

  private async load(id: string): Promise<void> {
    const log = this.history(id);
    this.log = log;
    const [conversation] = await Promise.all([
      this.options.api.get<Conversation>(`conversations/${id}`),
      log.load(this.client),
    ]);
    this.take(conversation);
  }

  /** Another conversation of the same visitor. */
  private async show(id: string): Promise<void> {
    const { shared } = this.line;
    if (shared.id.value === id && shared.history.value.status === 'ready') return;
    this.readSeq = 0;
    shared.id.value = id;
    shared.conversation.value = null;
    shared.history.value = UNLOADED;
    shared.typing.value = null;
    shared.seen.value = 0;
    await this.load(id).catch(() => undefined);
    this.line.hand();
  }

  private moved(state: ConnectionState): void {
    this.line.shared.connection.value = state;
    if (state.phase === 'stopped') this.options.expired(state);
  }

  private resumed(): void {
    const { id, seen } = this.line.shared;
    this.readSeq = 0;
    if (seen.value > 0) this.read(seen.value);
    const isKnown = this.isUntouched;
    this.isUntouched = false;
    if (!id.value || isKnown) return;
    this.options.api.get<Conversation>(`conversations/${id.value}`).then(
      (conversation) => this.take(conversation),
      () => undefined,
    );
  }

  private read(seq: number): void {
    const { id, seen, connection } = this.line.shared;
    if (seq > seen.value) seen.value = seq;
    if (!id.value || seq <= this.readSeq || connection.value.phase !== 'online') return;
    this.readSeq = seq;
    this.client.read(id.value, seq);
  }

  private reset(): void {
    this.readSeq = 0;
    this.line.shared.seen.value = 0;
    this.line.shared.history.value = UNLOADED;
  }

  private arrived(message: Message): void {
    if (message.conversation_id !== this.line.shared.id.value) return;
    this.log?.add(message);
    if (message.from.kind !== 'visitor') this.line.shared.typing.value = null;
  }

  private hint(frame: ServerFrame): void {
    const { id, typing, conversation } = this.line.shared;
    switch (frame.type) {
      case 'conversation':
        this.take(frame.conversation);
        break;
      case 'typing':
        if (frame.from.kind === 'visitor' || frame.conversation_id !== id.value) break;
        clearTimeout(this.typingTimer);
        typing.value = frame.on ? frame.from : null;
        this.typingTimer = setTimeout(() => (typing.value = null), TYPING_SHOWN_MS);
        break;
      case 'read': {
        const held = conversation.value;
        if (frame.from.kind === 'visitor' || frame.conversation_id !== held?.id) break;
        const agent_read_seq = Math.max(held.agent_read_seq, frame.seq);
        conversation.value = { ...held, agent_read_seq };
        break;
      }
    }
  }

  private take(taken: Conversation): void {
    const { id, conversation, seen } = this.line.shared;
    if (taken.id !== id.value) return;
    const agent_read_seq = Math.max(taken.agent_read_seq, conversation.value?.agent_read_seq ?? 0);
    conversation.value = { ...taken, agent_read_seq };
    if (taken.visitor_read_seq > seen.value) seen.value = taken.visitor_read_seq;
  }
}
