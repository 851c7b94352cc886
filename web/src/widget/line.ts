import { effect, type Signal, signal } from '@preact/signals';
import { type ConnectionState, IDLE } from '../protocol/connection';
import { type HistoryState, UNLOADED } from '../protocol/history';
import type { Draft, OutboxEntry } from '../protocol/outbox';
import type { Conversation, Person } from '../protocol/types';
import { uuid } from '../protocol/uuid';
import { hold } from './hold';

/** What all tabs of a visitor show alike. */
export interface Shared {
  /** The conversation that is shown. */
  id: string | null;
  conversation: Conversation | null;
  history: HistoryState;
  outbox: readonly OutboxEntry[];
  connection: ConnectionState;
  limitedUntil: number;
  typing: Person | null;
  /** The last `seq` that the visitor has seen, in whichever tab. */
  seen: number;
  uploads: ReadonlyMap<string, number>;
}

/** What a tab wants of the one that has the connection. */
export type Command =
  | { do: 'send'; entry: OutboxEntry }
  | { do: 'resend' | 'discard'; id: string }
  | { do: 'typing'; on: boolean }
  | { do: 'read'; seq: number }
  | { do: 'show'; id: string }
  | { do: 'reach'; seq: number }
  | { do: 'older' | 'wake' };

/** The side that has the connection. */
export interface Engine {
  run(command: Command): void;
  stop(): void;
}

type Note =
  | { type: 'join' }
  | { type: 'lead' }
  | { type: 'state'; state: Partial<Shared> }
  | { type: 'command'; command: Command };

export interface LineOptions {
  id: string | null;
  seen: number;
  /** Takes the connection; called in one tab at a time. */
  lead(line: Line): Engine;
  /** Keeps an entry beyond this page. */
  persist(entry: OutboxEntry): void;
}

/**
 * The one connection of a visitor, however many tabs show the chat: one of them leads, the others are
 * fed by it and tell it what to do. When it goes, another leads.
 */
export class Line {
  readonly shared: { [Key in keyof Shared]: Signal<Shared[Key]> };
  /** Written here, and not yet taken over by whoever leads. */
  readonly unsent = signal<readonly OutboxEntry[]>([]);
  private readonly options: LineOptions;
  private engine: Engine | null = null;
  private channel: BroadcastChannel | null = null;
  private stopFeeding = () => undefined as void;
  private release = () => undefined as void;

  constructor(options: LineOptions) {
    this.options = options;
    this.shared = {
      id: signal(options.id),
      conversation: signal(null),
      history: signal(UNLOADED),
      outbox: signal([]),
      connection: signal(IDLE),
      limitedUntil: signal(0),
      typing: signal(null),
      seen: signal(options.seen),
      uploads: signal(new Map()),
    };
  }

  get leads(): boolean {
    return this.engine !== null;
  }

  /** A visitor who is new has no other tabs yet: no need to ask for the lead. */
  begin(): void {
    this.engine ??= this.options.lead(this);
  }

  /** Shares the connection with the visitor's other tabs from now on. */
  join(visitor: string): void {
    if (this.channel) return;
    const name = `kefu:${visitor}`;
    if (!('locks' in navigator) || typeof BroadcastChannel === 'undefined') {
      this.begin();
      return;
    }
    const channel = new BroadcastChannel(name);
    this.channel = channel;
    channel.onmessage = ({ data }: MessageEvent<Note>) => this.hear(data);
    if (!this.engine) this.note({ type: 'join' });
    this.release = hold(name, () => {
      this.begin();
      this.note({ type: 'lead' });
      return () => this.yield();
    });
  }

  send(draft: Draft): void {
    const now = Date.now();
    const entry: OutboxEntry = {
      ...draft,
      client_id: uuid(),
      conversation_id: this.shared.id.value ?? '',
      order: now,
      created_at: new Date(now).toISOString(),
      state: 'queued',
    };
    this.unsent.value = [...this.unsent.value, entry];
    this.options.persist(entry);
    this.hand();
  }

  /** Takes up what an earlier page was left with before there was a conversation. */
  regain(entries: readonly OutboxEntry[]): void {
    this.unsent.value = [...entries, ...this.unsent.value].sort((a, b) => a.order - b.order);
    this.hand();
  }

  run(command: Command): void {
    if (this.engine) this.engine.run(command);
    else this.note({ type: 'command', command });
  }

  /** Gives what was written here to whoever leads, as soon as there is a conversation. */
  hand(): void {
    const id = this.shared.id.value;
    if (id === null) return;
    for (const entry of this.unsent.value) {
      this.run({ do: 'send', entry: { ...entry, conversation_id: entry.conversation_id || id } });
    }
    if (this.engine) this.unsent.value = [];
  }

  stop(): void {
    this.release();
    this.yield();
    this.channel?.close();
    this.channel = null;
  }

  /** Begins with what there is; before somebody has joined, nobody would hear it. */
  private feed(): void {
    this.stopFeeding();
    const stops = (Object.keys(this.shared) as (keyof Shared)[]).map((key) =>
      effect(() => this.note({ type: 'state', state: { [key]: this.shared[key].value } })),
    );
    this.stopFeeding = () => stops.forEach((stop) => stop());
  }

  private yield(): void {
    this.stopFeeding();
    this.engine?.stop();
    this.engine = null;
  }

  private hear(note: Note): void {
    switch (note.type) {
      case 'join':
        if (this.engine) this.feed();
        break;
      case 'lead':
        this.note({ type: 'join' });
        this.hand();
        break;
      case 'state':
        if (!this.engine) this.take(note.state);
        break;
      case 'command':
        this.engine?.run(note.command);
        break;
    }
  }

  private take(state: Partial<Shared>): void {
    for (const [key, value] of Object.entries(state)) {
      (this.shared[key as keyof Shared] as Signal<unknown>).value = value;
    }
    const taken = new Set(
      [...this.shared.outbox.value, ...this.shared.history.value.items].map((one) => one.client_id),
    );
    if (this.unsent.value.some((entry) => taken.has(entry.client_id))) {
      this.unsent.value = this.unsent.value.filter((entry) => !taken.has(entry.client_id));
    }
  }

  private note(note: Note): void {
    this.channel?.postMessage(note);
  }
}
