import type { ClientOptions } from '../client';
import type { ConnectionState, Listener } from '../connection';
import { memoryStore, type OutboxEntry } from '../outbox';
import type { TransportEvents, TransportKind } from '../transport';
import type { ClientFrame, Message, ServerFrame } from '../types';
import { WatchingClient } from '../watching';

/** One connection as the server's side sees it. */
export class FakeConnection {
  readonly kind: TransportKind;
  readonly sent: ClientFrame[] = [];
  closed = false;
  private readonly events: TransportEvents;

  constructor(kind: TransportKind, events: TransportEvents) {
    this.kind = kind;
    this.events = events;
  }

  send(frame: ClientFrame): void {
    this.sent.push(frame);
  }

  close(): void {
    this.closed = true;
  }

  /** The server sends. */
  say(frame: ServerFrame): void {
    this.events.frame(frame);
  }

  /** The server, or the network, closes. */
  end(code: number): void {
    this.closed = true;
    this.events.closed(code);
  }

  greet(lastSeq: number, epoch = 'e1', heartbeat = 25): void {
    this.events.opened();
    this.say({
      type: 'hello',
      epoch,
      connection_id: 'c1',
      heartbeat_s: heartbeat,
      principal: { kind: 'visitor', id: 'me', name: 'Me' },
      conversations: [{ id: CONVERSATION, last_seq: lastSeq }],
    });
  }

  /** `hello` and `resumed`, with nothing missing. */
  welcome(lastSeq: number, epoch = 'e1'): void {
    this.greet(lastSeq, epoch);
    this.say({ type: 'resumed' });
  }

  of<T extends ClientFrame['type']>(type: T): Extract<ClientFrame, { type: T }>[] {
    return this.sent.filter(
      (frame): frame is Extract<ClientFrame, { type: T }> => frame.type === type,
    );
  }
}

export const CONVERSATION = 'conv-1';

export function message(seq: number, over: Partial<Message> = {}): { type: 'message' } & Message {
  return {
    type: 'message',
    conversation_id: CONVERSATION,
    seq,
    prev_seq: seq - 1,
    id: `m${seq}`,
    client_id: null,
    from: { kind: 'agent', id: 'a1', name: 'Lin' },
    kind: 'text',
    text: `text ${seq}`,
    created_at: '2026-01-01T00:00:00.000Z',
    ...over,
  };
}

/** A client on fake connections, and everything that it told. */
export function harness(options: Partial<ClientOptions> = {}) {
  const connections: FakeConnection[] = [];
  const told = {
    states: [] as ConnectionState[],
    messages: [] as Message[],
    behind: [] as string[],
    resumed: 0,
    resets: 0,
    outbox: [] as readonly OutboxEntry[],
    limited: [] as number[],
    progress: [] as [string, number | null][],
    frames: [] as ServerFrame[],
  };
  const listener: Listener = {
    state: (state) => told.states.push(state),
    message: (each) => told.messages.push(each),
    behind: (id) => told.behind.push(id),
    resumed: () => (told.resumed += 1),
    reset: () => (told.resets += 1),
    outbox: (entries) => (told.outbox = entries),
    limited: (until) => told.limited.push(until),
    progress: (clientId, share) => told.progress.push([clientId, share]),
    frame: (frame) => told.frames.push(frame),
  };
  const client = new WatchingClient({
    connect: (kind, events) => {
      const connection = new FakeConnection(kind, events);
      connections.push(connection);
      return connection;
    },
    store: memoryStore,
    prepare: () => Promise.resolve(),
    random: () => 0.5,
    listener,
    ...options,
  });
  return {
    client,
    told,
    connections,
    get connection(): FakeConnection {
      const last = connections[connections.length - 1];
      if (!last) throw new Error('there is no connection');
      return last;
    },
    phase: () => told.states[told.states.length - 1]?.phase,
    seqs: () => told.messages.map((each) => each.seq),
  };
}
