import { ApiError } from './api';
import { backoff } from './backoff';
import { CLOSE, type ConnectionState, IDLE, type Listener, type Phase } from './connection';
import { Liveness } from './liveness';
import type { Draft, OutboxEntry, OutboxStore } from './outbox';
import { Positions, type Step } from './positions';
import { Sender } from './sender';
import type { Connect, Transport, TransportKind } from './transport';
import type { MakeUploads } from './uploading';
import type {
  Ack,
  ClientFrame,
  Epoch,
  ErrorFrame,
  Hello,
  Message,
  Person,
  SendFrame,
  ServerFrame,
} from './types';

/** Sends one message by a request of its own; resolves once it is durable. */
export type Post = (frame: SendFrame) => Promise<Pick<Ack, 'seq' | 'id' | 'created_at'>>;

export interface ClientOptions {
  connect: Connect;
  store: OutboxStore;
  listener: Listener;
  /** Loads what must be there before the first frame, and sets positions. Repeated until it succeeds. */
  prepare(client: Client): Promise<void>;
  /** Uploads files; without it drafts with files stay in the queue. */
  uploads?: MakeUploads;
  random?: () => number;
}

const OPEN_TIMEOUT_MS = 10_000;
/** So long a socket waits for a message that is posted. */
const POST_MS = 500;
const LIMITED_WAIT_MS = 15_000;
/** A connection that lasted so long starts the backoff anew when it ends … */
const STABLE_MS = 10_000;
/** … and a shorter one here, so that nothing that fails at once is tried without a pause. */
const UNSTABLE_ATTEMPT = 2;
/** After so many sockets in a row that brought no frame, the next attempt is a stream. */
const SOCKET_FAILURES = 2;
/** While on a stream, a socket is tried beside it after this time, then ever more rarely. */
const UPGRADE_MIN_MS = 60_000;
const UPGRADE_MAX_MS = 1_800_000;

/** One person's connection: never gives up, loses no message, sends none twice. */
export class Client {
  protected readonly options: ClientOptions;
  private readonly random: () => number;
  private readonly sender: Sender;
  protected readonly liveness: Liveness;
  protected readonly positions = new Positions();
  private state: ConnectionState = IDLE;
  private transport: Transport | null = null;
  private post: Post | null = null;
  /** Settles with the newest post. */
  private posted: Promise<void> | null = null;
  /** Rises with every attempt, so that what an earlier one still says is not heard. */
  private generation = 0;
  private epoch: Epoch | null = null;
  private me: Person = { kind: 'system', id: null, name: '' };
  private restored = false;
  private prepared = false;
  private greeted = false;
  private attempt = 0;
  private failures = 0;
  private kind: TransportKind = 'socket';
  private retryAfterMs: number | null = null;
  private notBefore = 0;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private upgradeTimer: ReturnType<typeof setTimeout> | undefined;
  private upgradeMs = UPGRADE_MIN_MS;

  constructor(options: ClientOptions) {
    const { listener } = options;
    this.options = options;
    this.random = options.random ?? Math.random;
    this.sender = new Sender(
      options.store,
      {
        send: (frame) => this.transmit(frame),
        overdue: () => this.drop(),
        outbox: (entries) => listener.outbox(entries),
        limited: (until) => listener.limited(until),
        progress: (clientId, share) => listener.progress(clientId, share),
      },
      this.random,
      options.uploads,
    );
    this.liveness = new Liveness({
      ping: () => this.transport?.send({ type: 'ping' }),
      dead: () => this.drop(),
      latency: (ms) => this.enter(this.state.phase, ms),
    });
  }

  async start(): Promise<void> {
    if (this.state.phase !== 'idle') return;
    await this.open();
  }

  /** Brings back what an earlier page could not send; `prepare` calls it once it knows the owner. */
  async restore(): Promise<void> {
    if (this.restored) return;
    this.restored = true;
    await this.sender.restore();
  }

  /** Ends for good, whatever is under way. */
  stop(refusal: number | null = null): void {
    this.abandon();
    this.sender.stop();
    clearTimeout(this.retryTimer);
    this.enter('stopped', this.state.latency_ms, refusal);
  }

  /** The page is looked at again, or the network came back: do not wait for a timer. */
  wake(): void {
    if (this.state.phase === 'online') {
      this.liveness.probe();
    } else if (this.state.phase === 'waiting' || this.state.phase === 'replaced') {
      if (Date.now() < this.notBefore) return;
      clearTimeout(this.retryTimer);
      void this.open();
    }
  }

  /** Everything up to `seq` is held. */
  setPosition(conversationId: string, seq: number): void {
    this.positions.raise(conversationId, seq);
  }

  position(conversationId: string): number | undefined {
    return this.positions.get(conversationId);
  }

  /** Settles what a page fetched over REST shows to have arrived. */
  settle(messages: Iterable<Message>): void {
    this.sender.settleAll(messages);
  }

  send(conversationId: string, draft: Draft): OutboxEntry {
    return this.sender.add(conversationId, draft);
  }

  /**
   * Has texts posted until the connection is there, which takes some turns longer: for a conversation that has just
   * begun, in which nothing can have been sent before.
   */
  hurry(me: Person, post: Post): void {
    this.me = me;
    this.post = post;
    this.sender.hurry();
  }

  /** Tries a failed entry again, under the same `client_id`. */
  resend(clientId: string): void {
    this.sender.resend(clientId);
  }

  /** Gives up an entry that failed or whose file is not uploaded yet. */
  discard(clientId: string): void {
    this.sender.discard(clientId);
  }

  typing(conversationId: string, on: boolean): void {
    this.hint({ type: 'typing', conversation_id: conversationId, on });
  }

  read(conversationId: string, seq: number): void {
    this.hint({ type: 'read', conversation_id: conversationId, seq });
  }

  private async open(): Promise<void> {
    const generation = ++this.generation;
    this.enter('connecting');
    if (!this.prepared) {
      try {
        await this.options.prepare(this);
      } catch (error) {
        if (generation === this.generation) this.unprepared(error);
        return;
      }
      if (generation !== this.generation) return;
      this.prepared = true;
      // What is posted is answered sooner while no socket is made beside it.
      await Promise.race([this.posted, new Promise((done) => setTimeout(done, POST_MS))]);
      if (generation !== this.generation) return;
    }
    this.greeted = false;
    this.liveness.expect(OPEN_TIMEOUT_MS);
    this.transport = this.options.connect(this.kind, {
      opened: () => undefined,
      frame: (frame) => {
        if (generation === this.generation) this.receive(frame);
      },
      closed: (code) => {
        if (generation === this.generation) this.closed(code);
      },
    });
  }

  private unprepared(error: unknown): void {
    if (error instanceof ApiError) {
      if (error.status === 401 || error.status === 403) {
        this.stop();
        return;
      }
      this.retryAfterMs = error.retryAfterMs;
    }
    this.later();
  }

  protected receive(frame: ServerFrame): void {
    this.liveness.heard();
    switch (frame.type) {
      case 'hello':
        this.hello(frame);
        break;
      case 'message':
        this.sender.settle(frame.client_id);
        this.take(frame);
        break;
      case 'ack':
        this.ack(frame);
        break;
      case 'resumed':
        this.resumed();
        break;
      case 'reset':
        this.reset(frame.conversation_id, frame.epoch);
        break;
      case 'error':
        this.refused(frame);
        break;
      case 'restart':
        this.retryAfterMs = frame.retry_after_ms ?? null;
        break;
      case 'pong':
        this.liveness.ponged();
        break;
      default:
        this.options.listener.frame(frame);
    }
  }

  private hello(frame: Hello): void {
    this.greeted = true;
    this.failures = 0;
    if (frame.principal) this.me = frame.principal as Person;
    if (this.epoch !== null && frame.epoch !== this.epoch) {
      this.reset(undefined, frame.epoch);
      return;
    }
    this.epoch = frame.epoch;
    const positions = this.positions.connect(frame.conversations);
    this.transport?.send({ type: 'resume', epoch: frame.epoch, positions });
    this.liveness.start(frame.heartbeat_s * 1000);
  }

  private resumed(): void {
    this.retryAfterMs = null;
    this.enter('online');
    this.online();
    if (this.epoch !== null) this.options.listener.resumed(this.epoch);
    this.sender.connect();
    if (this.kind === 'stream') this.upgradeLater();
  }

  private ack(ack: Omit<Ack, 'type'>): void {
    const entry = this.sender.settle(ack.client_id);
    if (!entry) return;
    if (ack.prev_seq === undefined) {
      // A repeat takes no place in the order. Its message came before, or is to be fetched.
      if (ack.seq > (this.positions.get(ack.conversation_id) ?? 0)) {
        this.options.listener.behind(ack.conversation_id);
      }
      return;
    }
    const { conversation_id, seq, prev_seq, id, client_id, created_at } = ack;
    const { kind, text, data = null, quote_seq = null } = entry;
    const from = this.me;
    const sent = { kind, text, data, quote_seq };
    this.take({ conversation_id, seq, prev_seq, id, client_id, from, ...sent, created_at });
  }

  private take(message: Message): void {
    const step: Step = this.positions.step(message.conversation_id, message.seq, message.prev_seq);
    if (step === 'gap') this.drop();
    if (step === 'next' || step === 'behind') this.options.listener.message(message);
    if (step === 'behind') this.options.listener.behind(message.conversation_id);
  }

  private transmit(frame: SendFrame): void {
    const { client_id, conversation_id } = frame;
    if (this.post === null || this.state.phase === 'online') {
      this.transport?.send(frame);
      return;
    }
    this.posted = this.post(frame).then(
      (sent) => {
        // An answer to a request does not say what came before; nothing can have come between neighbours.
        const held = this.positions.get(conversation_id) ?? 0;
        const place = sent.seq === held + 1 && { prev_seq: held };
        this.ack({ client_id, conversation_id, ...sent, ...place });
      },
      (error: ApiError) => {
        // What may do better later is sent again, most likely over the socket.
        const code = error.transient ? 'unavailable' : error.code;
        this.sender.refuse(client_id, { code });
      },
    );
  }

  private reset(conversationId: string | undefined, epoch: Epoch): void {
    if (conversationId !== undefined && epoch === this.epoch) {
      this.positions.forget(conversationId);
      this.options.listener.behind(conversationId);
      return;
    }
    this.epoch = epoch;
    this.positions.clear();
    this.prepared = false;
    this.options.listener.reset();
    this.drop();
  }

  private refused(frame: ErrorFrame): void {
    if (frame.client_id !== undefined) {
      this.sender.refuse(frame.client_id, frame);
    } else {
      if (frame.conversation_id !== undefined) this.positions.forget(frame.conversation_id);
      this.options.listener.frame(frame);
    }
  }

  /** Says what the server forgets with each connection. */
  protected online(): void {
    // Nothing, for most.
  }

  protected hint(frame: ClientFrame): void {
    if (this.state.phase === 'online') this.transport?.send(frame);
  }

  /** Gives the connection up; the next attempt follows. */
  private drop(): void {
    const greeted = this.greeted;
    this.abandon();
    if (!greeted) this.another();
    this.later();
  }

  private closed(code: number): void {
    const greeted = this.greeted;
    this.abandon();
    switch (code) {
      case CLOSE.unauthorized:
      case CLOSE.forbidden:
        this.stop(code);
        return;
      case CLOSE.replaced:
        this.enter('replaced');
        return;
      case CLOSE.limited:
        this.retryAfterMs ??= LIMITED_WAIT_MS;
        this.notBefore = Date.now() + this.retryAfterMs;
        break;
      case CLOSE.abnormal:
        if (!greeted) this.another();
        break;
    }
    this.later();
  }

  private abandon(): void {
    const transport = this.transport;
    if (this.state.phase === 'online') {
      const stable = Date.now() - this.state.since >= STABLE_MS;
      this.attempt = stable ? 0 : Math.min(this.attempt, UNSTABLE_ATTEMPT);
    }
    this.generation += 1;
    this.transport = null;
    this.liveness.stop();
    this.sender.disconnect();
    clearTimeout(this.upgradeTimer);
    transport?.close();
  }

  /** A connection that brought no frame: a proxy may be in the way of this kind. */
  private another(): void {
    this.failures += 1;
    if (this.kind === 'stream') {
      this.kind = 'socket';
      this.failures = 0;
    } else if (this.failures >= SOCKET_FAILURES) {
      this.kind = 'stream';
    }
  }

  /** Sockets may have failed only because the server was away: try one beside the stream. */
  private upgradeLater(): void {
    this.upgradeTimer = setTimeout(() => {
      const generation = this.generation;
      const socket = this.options.connect('socket', {
        opened: () => undefined,
        frame: (frame) => {
          if (frame.type !== 'hello' || generation !== this.generation) return;
          socket.close();
          this.abandon();
          this.kind = 'socket';
          this.upgradeMs = UPGRADE_MIN_MS;
          void this.open();
        },
        closed: () => {
          if (generation === this.generation) this.upgradeLater();
        },
      });
      this.upgradeMs = Math.min(this.upgradeMs * 2, UPGRADE_MAX_MS);
    }, this.upgradeMs);
  }

  private later(): void {
    this.enter('waiting');
    // Told when to come back, each adds a little of its own, so that a crowd stays spread.
    const delay =
      this.retryAfterMs === null
        ? backoff(this.attempt, this.random)
        : this.retryAfterMs + backoff(0, this.random);
    this.retryAfterMs = null;
    this.attempt += 1;
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => void this.open(), delay);
  }

  private enter(
    phase: Phase,
    latency_ms = this.state.latency_ms,
    refusal: number | null = null,
  ): void {
    const turned = (phase === 'online') !== (this.state.phase === 'online');
    const since = turned || this.state.since === 0 ? Date.now() : this.state.since;
    this.state = { phase, transport: this.kind, since, latency_ms, refusal };
    this.options.listener.state(this.state);
  }
}
