import { batch, computed, signal } from '@preact/signals';
import { Api, ApiError } from '../protocol/api';
import { Client } from '../protocol/client';
import { CLOSE, type ConnectionState, IDLE } from '../protocol/connection';
import { History, type HistoryState, UNLOADED } from '../protocol/history';
import { indexedDbStore, type OutboxEntry } from '../protocol/outbox';
import { connector } from '../protocol/transport';
import type {
  Conversation,
  Epoch,
  Message,
  Person,
  ServerFrame,
  VisitorIdentity,
  WidgetConfig,
  WidgetSession,
} from '../protocol/types';
import { TypingNotifier } from '../protocol/typing';
import { uploadVia } from '../protocol/uploads';
import { wakeWithPage } from '../protocol/wake';
import { UploadProgress } from '../ui/progress';
import type { Init, Kept, ToHost } from './bridge';

const TYPING_SHOWN_MS = 6_000;
/** A connection that lasted so long was a good one. */
const SETTLED_MS = 10_000;

/** `loading` and `ready` speak of the chat; the rest are reasons why there is none. */
export type Screen = 'loading' | 'ready' | 'refused' | 'identity' | 'replaced';

/** The visitor's chat: one conversation, its connection, and what the host page is told. */
export class Widget {
  readonly config = signal<WidgetConfig | null>(null);
  readonly conversation = signal<Conversation | null>(null);
  readonly history = signal<HistoryState>(UNLOADED);
  readonly outbox = signal<readonly OutboxEntry[]>([]);
  readonly connection = signal<ConnectionState>(IDLE);
  readonly limitedUntil = signal(0);
  readonly typing = signal<Person | null>(null);
  readonly failedLoad = signal(false);
  readonly me = signal<Person>({ kind: 'visitor', id: null, name: '' });
  readonly visible = signal(false);
  readonly modal = signal(false);
  readonly progress = new UploadProgress();
  readonly screen = computed<Screen>(() => {
    const { phase } = this.connection.value;
    if (phase === 'replaced') return 'replaced';
    if (phase === 'stopped') return this.config.value?.identity_required ? 'identity' : 'refused';
    return this.history.value.status === 'ready' ? 'ready' : 'loading';
  });

  private readonly api: Api;
  private readonly client: Client;
  private readonly notifier: TypingNotifier;
  private readonly post: (message: ToHost) => void;
  private readonly inbox: string;
  private kept: Kept;
  private identity: VisitorIdentity | null;
  private log: History | null = null;
  private unread = 0;
  private readSeq = 0;
  private typingTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(server: URL, init: Init, post: (message: ToHost) => void) {
    this.post = post;
    this.inbox = init.inbox;
    this.kept = init.kept;
    this.identity = init.identity;
    this.api = new Api(server, init.kept.token ?? null);
    this.client = new Client({
      connect: connector(server, () => this.api.token),
      store: indexedDbStore(() => this.kept.visitor_id ?? ''),
      prepare: (client) => this.prepare(client),
      upload: uploadVia(this.api),
      listener: {
        state: (state) => this.moved(state),
        message: (message) => this.arrived(message),
        behind: () => void this.log?.fill(this.client).catch(() => undefined),
        resumed: (epoch) => this.resumed(epoch),
        reset: () => this.reset(),
        outbox: (entries) => (this.outbox.value = entries),
        limited: (until) => (this.limitedUntil.value = until),
        progress: (id, share) => this.progress.set(id, share),
        frame: (frame) => this.hint(frame),
      },
    });
    this.notifier = new TypingNotifier((on) => {
      const id = this.kept.conversation_id;
      if (id) this.client.typing(id, on);
    });
    wakeWithPage(this.client);
    document.addEventListener('visibilitychange', () => this.look());
    void this.client.start();
  }

  send(text: string): void {
    const id = this.kept.conversation_id;
    if (!id) return;
    this.notifier.stop();
    this.client.send(id, { kind: 'text', text });
  }

  input(text: string): void {
    this.notifier.input(text);
  }

  resend(clientId: string): void {
    this.client.resend(clientId);
  }

  discard(clientId: string): void {
    this.client.discard(clientId);
  }

  older(): void {
    void this.log?.loadOlder();
  }

  wake(): void {
    this.client.wake();
  }

  show(on: boolean, modal: boolean): void {
    batch(() => {
      this.visible.value = on;
      this.modal.value = modal;
    });
    this.look();
  }

  close(): void {
    this.post({ type: 'close' });
  }

  keepLocale(locale: string): void {
    this.keep({ locale });
  }

  async rate(score: number, comment: string): Promise<void> {
    const id = this.kept.conversation_id;
    if (!id) return;
    const body = comment === '' ? { score } : { score, comment };
    this.conversation.value = await this.api.post<Conversation>(`conversations/${id}/rating`, body);
    this.post({ type: 'rated', score });
  }

  /** The host page says who its visitor is; another person means another conversation. */
  async identify(identity: VisitorIdentity): Promise<void> {
    this.identity = identity;
    const before = this.kept.conversation_id;
    try {
      await this.openSession();
      if (before !== this.kept.conversation_id || this.connection.value.phase === 'stopped') {
        this.client.stop();
        this.post({ type: 'restart' });
      }
    } catch {
      // What could not be told now is told when the next session is opened.
    }
  }

  private async prepare(client: Client): Promise<void> {
    try {
      if (!this.config.value) {
        this.config.value = await this.api.get<WidgetConfig>('widget/config', {
          inbox: this.inbox,
        });
      }
      try {
        await this.openSession();
        await this.load(client);
      } catch (error) {
        const status = error instanceof ApiError ? error.status : 0;
        if (this.api.token === null || (status !== 401 && status !== 404)) throw error;
        // The token has ended, or belongs to another store: begin as somebody new.
        this.forget();
        await this.openSession();
        await this.load(client);
      }
      this.failedLoad.value = false;
      this.look();
    } catch (error) {
      this.failedLoad.value = true;
      throw error;
    }
  }

  private async load(client: Client): Promise<void> {
    const id = this.kept.conversation_id ?? '';
    const log = new History(this.api, id, (state) => {
      if (this.log === log) this.history.value = state;
    });
    this.log = log;
    const [conversation] = await Promise.all([
      this.api.get<Conversation>(`conversations/${id}`),
      log.load(client),
    ]);
    await client.restore();
    client.settle(log.state.items);
    this.take(conversation);
  }

  /** Goes on with the session that the host page keeps, unless there is something new to tell. */
  private async openSession(): Promise<void> {
    const told = JSON.stringify(this.identity);
    const isNews = this.identity !== null && told !== this.kept.told;
    if (isNews || !this.kept.token || !this.kept.conversation_id) {
      const visitor = this.identity ? { visitor: this.identity } : {};
      const { token, visitor_id, conversation_id, epoch } = await this.api.post<WidgetSession>(
        'widget/sessions',
        { inbox: this.inbox, ...visitor },
      );
      const seen = conversation_id === this.kept.conversation_id ? {} : { seen: 0 };
      this.api.token = token;
      this.keep({ token, visitor_id, conversation_id, epoch, told, ...seen });
    }
    const name = this.identity?.name ?? '';
    this.me.value = { kind: 'visitor', id: this.kept.visitor_id ?? null, name };
  }

  private forget(): void {
    this.api.token = null;
    this.keep({
      token: undefined,
      visitor_id: undefined,
      conversation_id: undefined,
      told: undefined,
      seen: 0,
    });
  }

  private moved(state: ConnectionState): void {
    const before = this.connection.value;
    this.connection.value = state;
    const lasted = before.phase === 'online' && Date.now() - before.since > SETTLED_MS;
    // The session has ended while it was in use: the host page may hold a newer one from another tab.
    if (state.refusal === CLOSE.unauthorized && lasted) this.post({ type: 'restart' });
  }

  private resumed(epoch: Epoch): void {
    this.keep({ epoch });
    const id = this.kept.conversation_id;
    if (!id) return;
    this.api.get<Conversation>(`conversations/${id}`).then(
      (conversation) => this.take(conversation),
      () => undefined,
    );
    this.readSeq = 0;
    this.look();
  }

  private reset(): void {
    this.readSeq = 0;
    this.keep({ seen: 0 });
    this.history.value = UNLOADED;
  }

  private arrived(message: Message): void {
    this.log?.add(message);
    if (message.from.kind === 'visitor' || message.kind !== 'text') {
      this.look();
      return;
    }
    this.typing.value = null;
    if (!this.isSeen()) this.unread += 1;
    this.post({ type: 'message', text: message.text, from: message.from.name });
    this.look();
  }

  private hint(frame: ServerFrame): void {
    switch (frame.type) {
      case 'conversation':
        this.take(frame.conversation);
        break;
      case 'typing':
        if (frame.from.kind === 'visitor') break;
        clearTimeout(this.typingTimer);
        this.typing.value = frame.on ? frame.from : null;
        this.typingTimer = setTimeout(() => (this.typing.value = null), TYPING_SHOWN_MS);
        break;
      case 'read': {
        const conversation = this.conversation.value;
        if (frame.from.kind === 'visitor' || !conversation) break;
        const agent_read_seq = Math.max(conversation.agent_read_seq, frame.seq);
        this.conversation.value = { ...conversation, agent_read_seq };
        break;
      }
    }
  }

  private take(conversation: Conversation): void {
    if (conversation.id !== this.kept.conversation_id) return;
    if (conversation.state !== this.conversation.value?.state) {
      this.post({ type: 'state', state: conversation.state });
    }
    const agent_read_seq = Math.max(
      conversation.agent_read_seq,
      this.conversation.value?.agent_read_seq ?? 0,
    );
    this.conversation.value = { ...conversation, agent_read_seq };
  }

  private isSeen(): boolean {
    return this.visible.value && document.visibilityState === 'visible';
  }

  /** Marks as read what is in sight, and tells the host page how much is not. */
  private look(): void {
    const seq = this.log?.lastSeq ?? 0;
    const id = this.kept.conversation_id;
    if (this.isSeen()) {
      this.unread = 0;
      if (id && seq > this.readSeq && this.connection.value.phase === 'online') {
        this.readSeq = seq;
        this.client.read(id, seq);
      }
      if (seq > (this.kept.seen ?? 0)) this.keep({ seen: seq });
    }
    this.post({ type: 'unread', count: this.unread });
  }

  private keep(patch: Kept): void {
    this.kept = { ...this.kept, ...patch };
    this.post({ type: 'keep', patch });
  }
}
