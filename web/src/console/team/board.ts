import { computed, signal } from '@preact/signals';
import { ApiError } from '../../protocol/agent-api';
import type { WatchScope } from '../../protocol/watching';
import type {
  Agent,
  AgentStatus,
  Conversation,
  Inbox,
  Message,
  Page,
  Ratings,
  Report,
  ReportNow,
  ServerFrame,
  Team,
} from '../../protocol/types';
import { poll } from '../../ui/poll';
import type { Desk } from '../desk';
import { seesAll } from '../list/views';
import { withPresence } from '../presence';
import { ownZone } from '../reports/choice';
import { dayIn } from '../reports/range';
import {
  byUrgency,
  isOver,
  type Live,
  oldestWaits,
  type Queue,
  queuesNow,
  queuesOf,
  waitOf,
} from './live';

const PAGE = 500;
/** More than this nobody looks through; the queues still count all. */
const LIVE_MAX = 2_000;
const CATCH_UP_PAGE = 100;
const CATCH_UP_PAGES = 20;
const CATCH_UP_MS = 5_000;
const NOW_MS = 10_000;
const RATINGS_MS = 120_000;
/** Changes are shown together, so that many of them are one picture. */
const SHOW_MS = 200;
/** After a change of a queue its figures are asked for, once for changes that come together. */
const QUEUES_MS = 1_500;

export interface TeamAgent {
  readonly agent: Agent;
  /** Since when somebody waits for this agent's answer. */
  readonly oldest: number | null;
  readonly ratings: Ratings | null;
}

export type BoardStatus = 'loading' | 'ready' | 'denied' | 'error';

/** What goes on at all desks: agents, queues and running conversations, kept live. */
export class Board {
  readonly status = signal<BoardStatus>('loading');
  readonly error = signal<unknown>(null);
  /** By urgency; anew a few times a second at most. */
  readonly live = signal<readonly Live[]>([]);
  /** There are more than are listed. */
  readonly isPart = signal(false);
  /** The last answer is not of now: the server did not give another one. */
  readonly stale = signal(false);
  readonly inboxes = signal<readonly Inbox[]>([]);
  readonly teams = signal<readonly Team[]>([]);
  /** Null until something is known of them. */
  readonly queues = computed<readonly Queue[] | null>(() => {
    if (this.reported.value) return queuesNow(this.reported.value);
    return this.status.value === 'ready' ? queuesOf(this.live.value) : null;
  });
  /** Null until they are known. */
  readonly agents = computed<readonly TeamAgent[] | null>(() => {
    const oldest = oldestWaits(this.live.value);
    const ratings = this.ratings.value;
    const people = this.people.value;
    return people && people.map((agent) => ({
      agent,
      oldest: oldest.get(agent.id) ?? null,
      ratings: ratings.get(agent.id) ?? null,
    }));
  });

  private readonly desk: Desk;
  private readonly scope: WatchScope;
  private readonly mayReport: boolean;
  private readonly held = new Map<string, Live>();
  private readonly people = signal<readonly Agent[] | null>(null);
  private readonly reported = signal<ReportNow | null>(null);
  private readonly ratings = signal<ReadonlyMap<string, Ratings>>(new Map());
  private readonly undo: (() => void)[] = [];
  /** The newest activity that is known; what is newer is caught up with. */
  private head = '';
  private showTimer: ReturnType<typeof setTimeout> | undefined;
  private queuesTimer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  constructor(desk: Desk) {
    this.desk = desk;
    const me = desk.me.peek();
    this.scope = seesAll(me) ? 'all' : 'team';
    this.mayReport = me.permissions.includes('reports');
    this.undo.push(
      desk.listen({
        frame: (frame) => this.hear(frame),
        message: (message) => this.arrived(message),
        resumed: () => void this.load(),
        reset: () => this.forget(),
      }),
    );
    desk.client.watchScope(this.scope);
    void this.load();
    this.undo.push(
      poll(CATCH_UP_MS, () => this.catchUp()),
      poll(NOW_MS, () => this.refresh()),
    );
    if (this.mayReport) this.undo.push(poll(RATINGS_MS, () => this.loadRatings()));
  }

  close(): void {
    this.closed = true;
    this.desk.client.unwatchScope(this.scope);
    clearTimeout(this.showTimer);
    clearTimeout(this.queuesTimer);
    for (const each of this.undo) each();
  }

  /** Whatever runs, from the beginning. */
  async load(): Promise<void> {
    void this.loadNames();
    try {
      const fresh: Conversation[] = [];
      let cursor: string | undefined;
      let page: Page<Conversation>;
      do {
        page = await this.list({ limit: PAGE, cursor });
        fresh.push(...page.items);
        cursor = page.next_cursor ?? undefined;
      } while (page.has_more && fresh.length < LIVE_MAX);
      if (this.closed) return;
      const listed = new Set(fresh.map(({ id }) => id));
      for (const id of this.held.keys()) if (!listed.has(id)) this.held.delete(id);
      for (const each of fresh) this.take(each);
      this.isPart.value = page.has_more;
      this.show();
      this.status.value = 'ready';
    } catch (error) {
      if (this.status.peek() === 'ready') return;
      this.error.value = error;
      const denied = error instanceof ApiError && error.status === 403;
      this.status.value = denied ? 'denied' : 'error';
    }
  }

  retry(): void {
    this.status.value = 'loading';
    void this.load();
  }

  /** Takes a conversation as the server tells it. */
  take(conversation: Conversation): void {
    const { id, updated_at } = conversation;
    if (updated_at > this.head) this.head = updated_at;
    const before = this.held.get(id);
    if (isOver(conversation)) {
      this.held.delete(id);
    } else if (!before || updated_at >= before.conversation.updated_at) {
      const wait = waitOf(conversation, before?.wait ?? null);
      this.held.set(id, { conversation, wait });
    }
    this.soon();
  }

  /** Throws when it was refused. */
  async setCapacity(id: string, capacity: number): Promise<void> {
    this.takeAgent(await this.desk.api.patch<Agent>(`agents/${id}`, { capacity }));
  }

  /** Throws when it was refused. */
  async setStatus(id: string, status: AgentStatus, reason?: string): Promise<void> {
    this.takeAgent(await this.desk.api.put<Agent>(`agents/${id}/status`, { status, reason }));
  }

  private hear(frame: ServerFrame): void {
    if (frame.type === 'conversation') {
      const before = this.held.get(frame.conversation.id)?.conversation.state;
      this.take(frame.conversation);
      if (before !== frame.conversation.state) this.queuesSoon();
    } else if (frame.type === 'presence' && frame.from.kind === 'agent') {
      const agent = this.people.peek()?.find(({ id }) => id === frame.from.id);
      if (agent) this.takeAgent(withPresence(agent, frame));
    }
  }

  /** Of what is watched or own every message comes, without a hint. */
  private arrived({ conversation_id, seq, kind, text, from, created_at }: Message): void {
    const conversation = this.held.get(conversation_id)?.conversation;
    if (!conversation || kind === 'event' || created_at < conversation.updated_at) return;
    const last_message = { seq, kind, text, from, created_at };
    this.take({ ...conversation, last_seq: seq, updated_at: created_at, last_message });
  }

  private forget(): void {
    this.held.clear();
    this.head = '';
    this.show();
  }

  private list(query: Record<string, string | number | undefined>): Promise<Page<Conversation>> {
    return this.desk.api.get('conversations', { view: 'all', ...query });
  }

  /** Messages alone cause no hint: what had some since is at the head of the list. */
  private async catchUp(): Promise<void> {
    if (this.status.peek() !== 'ready') return;
    const known = this.head;
    let cursor: string | undefined;
    for (let pages = 0; pages < CATCH_UP_PAGES; pages += 1) {
      const page = await this.list({ limit: CATCH_UP_PAGE, cursor });
      for (const each of page.items) this.take(each);
      const last = page.items[page.items.length - 1];
      if (!page.has_more || !last || last.updated_at < known) break;
      cursor = page.next_cursor ?? undefined;
    }
  }

  /** Agents and queues as they are now. */
  async refresh(): Promise<void> {
    const { api } = this.desk;
    try {
      const [agents, now] = await Promise.all([
        api.get<Page<Agent>>('agents'),
        this.mayReport ? api.get<ReportNow>('reports/now') : null,
      ]);
      if (this.closed) return;
      this.people.value = agents.items.filter(
        (each) => !each.disabled && each.permissions.includes('chat'),
      );
      this.reported.value = now;
      this.stale.value = false;
    } catch {
      this.stale.value = true;
    }
  }

  private async loadRatings(): Promise<void> {
    const zone = ownZone();
    const today = dayIn(zone, Date.now());
    const query = { from: today, to: today, zone, by: 'agent' };
    const report = await this.desk.api.get<Report>('reports', query);
    const rows = report.rows.flatMap(({ id, figures }) =>
      id === null ? [] : [[id, figures.ratings] as const],
    );
    this.ratings.value = new Map(rows);
  }

  /** Names for queues and filters; without them ids of nobody are left out. */
  private async loadNames(): Promise<void> {
    const { api } = this.desk;
    const [inboxes, teams] = await Promise.allSettled([
      api.get<Page<Inbox>>('inboxes'),
      api.get<Page<Team>>('teams'),
    ]);
    if (inboxes.status === 'fulfilled') this.inboxes.value = inboxes.value.items;
    if (teams.status === 'fulfilled') this.teams.value = teams.value.items;
  }

  private takeAgent(agent: Agent): void {
    const people = this.people.peek() ?? [];
    this.people.value = people.map((each) => (each.id === agent.id ? agent : each));
  }

  private soon(): void {
    if (this.closed) return;
    this.showTimer ??= setTimeout(() => this.show(), SHOW_MS);
  }

  private show(): void {
    clearTimeout(this.showTimer);
    this.showTimer = undefined;
    this.live.value = [...this.held.values()].sort(byUrgency);
  }

  private queuesSoon(): void {
    this.queuesTimer ??= setTimeout(() => {
      this.queuesTimer = undefined;
      void this.refresh();
    }, QUEUES_MS);
  }
}
