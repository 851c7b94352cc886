import { batch, computed, effect, type Signal, signal } from '@preact/signals';
import type { Locale } from '../i18n';
import { Api, ApiError } from '../protocol/api';
import { backoff } from '../protocol/backoff';
import { CLOSE, type ConnectionState } from '../protocol/connection';
import { UNLOADED } from '../protocol/history';
import { indexedDbStore, type OutboxEntry } from '../protocol/outbox';
import type {
  CardData,
  Person,
  VisitorIdentity,
  WidgetConfig,
  WidgetSession,
} from '../protocol/types';
import { TypingNotifier } from '../protocol/typing';
import { freshUrl } from '../protocol/fresh-url';
import type { Answers, BodyActions } from '../ui/message-body';
import type { Init, Kept, Options, Page, Panel, ToHost } from './bridge';
import { ChatEngine, REST_MS } from './engine';
import { Line } from './line';
import { extras } from './on-demand';

/** A connection that lasted so long was a good one. */
const SETTLED_MS = 10_000;
/** Who is there is asked again when the chat is opened after so long. */
const CONFIG_FRESH_MS = 30_000;
const TELL_AFTER_MS = 200;
const CHIME_AFTER_MS = 300;

export function askConfig(api: Api, inbox: string): Promise<WidgetConfig> {
  return api.get('widget/config', { inbox });
}

export function offlineKey(inbox: string): string {
  return `kefu-offline:${inbox}`;
}

/** Whether a message was left that the server does not have yet. */
function hasOffline(inbox: string): boolean {
  try {
    return localStorage.getItem(offlineKey(inbox)) !== null;
  } catch {
    return false;
  }
}

/** What the visitor chose to see; null: whatever fits. */
export type View = 'home' | 'chat' | 'list' | 'offline' | null;
export type Screen =
  | 'loading'
  | 'home'
  | 'list'
  | 'pre-chat'
  | 'offline'
  | 'chat'
  | 'refused'
  | 'identity'
  | 'replaced';

/** What the visitor's chat shows and can do, and what the host page is told of it. */
export class Widget {
  readonly config = signal<WidgetConfig | null>(null);
  readonly view = signal<View>(null);
  readonly visible = signal(false);
  readonly modal = signal(false);
  readonly failedLoad = signal(false);
  /** What came after it was not seen when the chat was opened. */
  readonly unreadSeq = signal<number | undefined>(undefined);
  readonly line: Line;
  readonly api: Api;
  readonly inbox: string;
  /** Tells the loader. */
  readonly post: (message: ToHost) => void;

  private readonly refused = signal(false);
  private readonly asked = signal(false);
  private readonly attended = signal(document.visibilityState === 'visible');
  private readonly notifier: TypingNotifier;
  private readonly kept = signal<Kept>({});
  private readonly visitor = signal<VisitorIdentity | undefined>(undefined);
  private page: Page | null = null;
  private toldPage = '';
  /** The conversation that has begun on this page. */
  private freshId = '';
  private session: Promise<boolean> | null = null;
  private configAt = 0;
  private configAttempt = 0;
  private tellTimer: ReturnType<typeof setTimeout> | undefined;

  /** What visitors can do with what messages hold. */
  readonly content: BodyActions = {
    onReply: (text) => this.send(text),
    onAnswer: (seq, values) => this.answer(seq, values),
    freshUrl: (id) => freshUrl(this.api)(id),
  };

  readonly me = computed<Person>(() => ({
    kind: 'visitor',
    id: this.kept.value.visitor_id ?? null,
    name: this.visitor.value?.name ?? '',
  }));
  readonly outbox = computed<readonly OutboxEntry[]>(() => {
    const { id, outbox } = this.line.shared;
    const own = outbox.value.filter((entry) => entry.conversation_id === id.value);
    const taken = new Set(own.map((entry) => entry.client_id));
    return [...own, ...this.line.unsent.value.filter(({ client_id }) => !taken.has(client_id))];
  });
  /** Nobody was written to yet, as far as is known. */
  readonly isNew = computed(() => {
    const state = this.line.shared.conversation.value?.state ?? 'new';
    const items = this.line.shared.history.value.items;
    return state === 'new' && !items.some((message) => message.from.kind === 'visitor');
  });
  readonly isEnded = computed(() => this.line.shared.conversation.value?.state === 'resolved');
  readonly withBot = computed(() => {
    const conversation = this.line.shared.conversation.value;
    if (this.isNew.value) return this.config.value?.bot != null;
    return conversation?.state === 'open' && !conversation.assignee;
  });
  /** Somebody would answer now: a person or a bot. */
  readonly attendedTo = computed(() => {
    const config = this.config.value;
    return config === null || config.bot != null || (config.open && config.agents_online);
  });
  readonly screen = computed<Screen>(() => this.choose());
  private readonly unread = computed(() => {
    const { history, seen } = this.line.shared;
    const isNews = ({ seq, kind, from }: (typeof history.value.items)[number]) =>
      seq > seen.value && kind !== 'event' && from.kind !== 'visitor';
    return history.value.items.filter(isNews).length;
  });

  /** `early`: what the server says of the inbox is on its way already. */
  constructor(
    server: URL,
    init: Init,
    post: (message: ToHost) => void,
    early: Promise<WidgetConfig>,
  ) {
    const { kept, options, inbox } = init;
    this.post = post;
    this.inbox = inbox;
    this.kept.value = kept;
    this.visitor.value = options.visitor;
    this.api = new Api(server, kept.token ?? null);
    // What is written before there is a session belongs to whoever gets it.
    const store = indexedDbStore(() => this.kept.peek().visitor_id ?? inbox);
    this.line = new Line({
      id: kept.conversation_id ?? null,
      seen: kept.seen ?? 0,
      persist: (entry) => void store.put(entry).catch(() => undefined),
      lead: (line) => {
        post({ type: 'lead' });
        return new ChatEngine(line, {
          server,
          api: this.api,
          store,
          me: () => this.me.peek(),
          prepare: () => this.open(),
          forget: (error) => this.forget(error),
          expired: (state) => this.expired(state),
        });
      },
    });
    this.notifier = new TypingNotifier((on) => this.line.run({ do: 'typing', on }));
    document.addEventListener('visibilitychange', () => {
      this.attended.value = document.visibilityState === 'visible';
    });
    window.addEventListener('online', () => this.wake());
    void this.loadConfig(early);
    // It may have come with the page, long before somebody wanted to chat.
    this.configAt = performance.timeOrigin;
    this.watch();
    if (kept.token && kept.visitor_id) this.line.join(kept.visitor_id);
    else void store.load().then((entries) => this.line.regain(entries), () => undefined);
    setTimeout(() => {
      if (hasOffline(inbox)) void extras.load().then(({ resumeOffline }) => resumeOffline(this));
    }, REST_MS);
  }

  /** Opens and closes with the panel in the host page. */
  show({ on, modal, page }: Panel): void {
    batch(() => {
      if (on && !this.visible.value) this.unreadSeq.value = this.line.shared.seen.value || undefined;
      this.visible.value = on;
      this.modal.value = modal;
    });
    this.page = page;
    if (!on) return;
    this.begin();
    if (Date.now() - this.configAt > CONFIG_FRESH_MS) void this.loadConfig();
    setTimeout(() => this.tellPage(), REST_MS);
  }

  /** What the host page says has changed. */
  update({ visitor }: Options): void {
    if (JSON.stringify(visitor) === JSON.stringify(this.visitor.value)) return;
    this.visitor.value = visitor;
    if (!this.kept.value.token) return;
    clearTimeout(this.tellTimer);
    this.tellTimer = setTimeout(() => void this.tell(), TELL_AFTER_MS);
  }

  send(text: string): void {
    this.notifier.stop();
    this.begin();
    this.line.send({ kind: 'text', text });
  }

  sendCard(card: CardData): void {
    this.begin();
    this.line.send({ kind: 'card', text: '', data: { ...card } });
  }

  /** Sends what may be sent; says in words why the rest may not. */
  async sendFiles(files: readonly File[], locale: Signal<Locale>): Promise<string> {
    const { sendFiles } = await extras.load();
    return sendFiles(this, files, locale);
  }

  /** Answers to the questions of message `seq`, or to those before the first message. */
  answer(seq: number | null, values: Answers): void {
    const data = seq === null ? { values } : { answers_seq: seq, values };
    this.line.send({ kind: 'form', text: '', data });
  }

  input(text: string): void {
    this.notifier.input(text);
  }

  /** Loads messages up to an earlier one. */
  reach(seq: number): Promise<void> {
    this.line.run({ do: 'reach', seq });
    return new Promise((resolve) => {
      const stop = effect(() => {
        const { items, hasOlder } = this.line.shared.history.value;
        if (hasOlder && (items[0]?.seq ?? 0) > seq) return;
        resolve();
        queueMicrotask(() => stop());
      });
    });
  }

  wake(): void {
    if (this.config.value === null) void this.loadConfig();
    this.line.run({ do: 'wake' });
  }

  close(): void {
    // What comes before the host page has closed it is not seen.
    this.visible.value = false;
    this.post({ type: 'close' });
  }

  keepLocale(locale: string): void {
    this.keep({ locale });
  }

  /** Tells the host page. */
  event(name: Extract<ToHost, { type: 'event' }>['name'], detail: unknown): void {
    this.post({ type: 'event', name, detail });
  }

  /** Another conversation of this visitor. */
  showConversation(id: string): void {
    this.line.run({ do: 'show', id });
    this.view.value = 'chat';
  }

  /** After the end: the next conversation, which is a new one. */
  async startNew(): Promise<void> {
    const { conversation_id } = await this.requestSession();
    this.freshId = conversation_id;
    this.showConversation(conversation_id);
  }

  /** What was asked before the first message; name and e-mail address become the visitor's own. */
  async introduce(answers: Map<string, string>, rest: Answers) {
    const [name, email] = [answers.get('name'), answers.get('email')];
    if (name || email) {
      await this.open();
      this.visitor.value = {
        ...this.visitor.value,
        ...(name && { name }),
        ...(email && { email }),
      };
      await this.open();
    }
    if (rest.length > 0) this.answer(null, rest);
    this.asked.value = true;
  }

  /** Somebody new has no other tabs to share the connection with; whoever is known has joined them. */
  private begin(): void {
    if (!this.kept.value.token) this.line.begin();
  }

  private choose(): Screen {
    const { connection, history, id } = this.line.shared;
    const config = this.config.value;
    const { phase } = connection.value;
    if (phase === 'replaced') return 'replaced';
    if (this.refused.value || phase === 'stopped') {
      return config?.identity_required ? 'identity' : 'refused';
    }
    if (!config) return 'loading';
    const view = this.view.value ?? (config.articles && this.isNew.value ? 'home' : null);
    if (view === 'home' || view === 'list' || view === 'offline') return view;
    const isLoaded = history.value.status === 'ready' || id.value === null;
    if (!isLoaded) return 'loading';
    if (view === null && this.isNew.value && !this.attendedTo.value && this.outbox.value.length === 0)
      return 'offline';
    if (this.isNew.value && this.asks(config) && this.outbox.value.length === 0) return 'pre-chat';
    return 'chat';
  }

  private asks(config: WidgetConfig): boolean {
    const { external_id, jwt, email } = this.visitor.value ?? {};
    const isKnown = external_id !== undefined || jwt !== undefined || email !== undefined;
    return !isKnown && !this.asked.value && (config.pre_chat?.length ?? 0) > 0;
  }

  /** What follows from what the line says, for the host page and the server. */
  private watch(): void {
    const { id, conversation, history, seen } = this.line.shared;
    let told = -1;
    effect(() => {
      const last = history.value.items[history.value.items.length - 1]?.seq ?? 0;
      const isSeen = this.visible.value && this.attended.value && this.screen.value === 'chat';
      if (isSeen && last > seen.value) this.line.run({ do: 'read', seq: last });
      const count = isSeen ? 0 : this.unread.value;
      if (count !== told) this.post({ type: 'unread', count: (told = count) });
    });
    effect(() => {
      const patch = { conversation_id: id.value ?? undefined, seen: seen.value };
      const { conversation_id, seen: before } = this.kept.peek();
      if (conversation_id !== patch.conversation_id || before !== patch.seen) this.keep(patch);
    });
    let shown = '';
    let state: string | undefined;
    effect(() => {
      const now = conversation.value;
      if (now && now.id !== shown) state = now.id === this.freshId ? 'new' : undefined;
      if (!now || now.state === state) return;
      if (state === 'new') this.event('conversation-started', { id: now.id });
      if (now.state === 'resolved' && state) this.event('conversation-ended', { id: now.id });
      shown = now.id;
      state = now.state;
    });
    let last = -1;
    let log = '';
    effect(() => {
      const { items, status } = history.value;
      if (status !== 'ready') return;
      const newest = items[items.length - 1]?.seq ?? 0;
      if (log === (id.value ?? '') && last >= 0) {
        const news = items.filter(({ seq, kind, from }) =>
          seq > last && kind !== 'event' && from.kind !== 'visitor');
        for (const { text, from } of news) this.event('message', { text, from: from.name });
        // One tab rings for all, unless what came is seen in some.
        if (news.length > 0 && this.line.leads) {
          setTimeout(() => {
            if (this.unread.peek() > 0) void extras.load().then(({ chime }) => chime());
          }, CHIME_AFTER_MS);
        }
      }
      log = id.value ?? '';
      last = newest;
    });
  }

  private async loadConfig(asked = askConfig(this.api, this.inbox)): Promise<void> {
    this.configAt = Date.now();
    try {
      const config = await asked;
      const { colour, side } = config;
      batch(() => {
        this.config.value = config;
        this.failedLoad.value = false;
      });
      const kept = this.kept.peek();
      if (kept.colour !== colour || kept.side !== side) this.keep({ colour, side });
    } catch (error) {
      if (error instanceof ApiError && !error.transient) {
        this.refused.value = true;
        this.event('error', { code: error.code });
        return;
      }
      if (this.config.value) return;
      this.failedLoad.value = true;
      const delay = 1_000 + backoff(this.configAttempt++, Math.random);
      setTimeout(() => {
        if (!this.config.value) void this.loadConfig();
      }, delay);
    }
  }

  /** Makes sure of a session: once, however many ask for it. */
  open(): Promise<boolean> {
    this.session ??= this.openSession().finally(() => (this.session = null));
    return this.session;
  }

  /** Goes on with the session that the host page keeps, unless there is something new to tell. */
  private async openSession(): Promise<boolean> {
    const { token, conversation_id, told } = this.kept.value;
    const isNews = this.visitor.value && JSON.stringify(this.visitor.value) !== told;
    if (!isNews && token && conversation_id) return false;
    const session = await this.requestSession();
    const isOther = session.conversation_id !== conversation_id;
    const isEmpty = isOther && session.last_seq === 0;
    const { id, seen, history } = this.line.shared;
    batch(() => {
      id.value = session.conversation_id;
      if (isOther) seen.value = 0;
      // At once, so that the field in which somebody may be writing stays where it is.
      if (isEmpty) history.value = { ...UNLOADED, status: 'ready' };
    });
    this.line.join(session.visitor_id);
    if (isEmpty) this.freshId = session.conversation_id;
    return isEmpty;
  }

  private async requestSession(): Promise<WidgetSession> {
    const visitor = this.visitor.value;
    try {
      const session = await this.api.post<WidgetSession>('widget/sessions', {
        inbox: this.inbox,
        ...(visitor && { visitor }),
      });
      const { token, visitor_id } = session;
      this.api.token = token;
      this.keep({ token, visitor_id, told: JSON.stringify(visitor) ?? '' });
      return session;
    } catch (error) {
      if (error instanceof ApiError) this.event('error', { code: error.code });
      throw error;
    }
  }

  /** The token has ended, or belongs to another store: begin as somebody new. */
  private forget(error: unknown): boolean {
    const status = error instanceof ApiError ? error.status : 0;
    if (this.api.token === null || (status !== 401 && status !== 404)) return false;
    this.api.token = null;
    this.keep({ token: undefined, visitor_id: undefined, told: undefined });
    batch(() => {
      this.line.shared.id.value = null;
      this.line.shared.seen.value = 0;
    });
    return true;
  }

  private expired({ refusal, since }: ConnectionState): void {
    // It ended while it was in use: the host page may hold a newer session from another tab.
    const lasted = Date.now() - since > SETTLED_MS;
    if (refusal === CLOSE.unauthorized && lasted) this.post({ type: 'restart' });
  }

  /** Tells the server who the visitor is; another person means another conversation. */
  private async tell(): Promise<void> {
    const { visitor_id } = this.kept.value;
    try {
      const session = await this.requestSession();
      const isStopped = this.line.shared.connection.value.phase === 'stopped';
      if (session.visitor_id !== visitor_id || isStopped) {
        this.keep({ conversation_id: session.conversation_id, seen: 0 });
        this.line.stop();
        this.post({ type: 'restart' });
      }
    } catch {
      // What could not be told now is told when the next session is opened.
    }
  }

  private tellPage(): void {
    const { page } = this;
    if (!page || page.url === this.toldPage || !/^https?:/.test(page.url)) return;
    this.toldPage = page.url;
    this.open()
      .then(() => this.api.post('widget/pages', page))
      .catch(() => undefined);
  }

  private keep(patch: Kept): void {
    this.kept.value = { ...this.kept.value, ...patch };
    this.post({ type: 'keep', patch });
  }
}
