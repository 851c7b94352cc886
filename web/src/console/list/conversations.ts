import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Agent, Conversation, View } from '../../protocol/types';
import { Frames } from '../../ui/frames';
import { Stored } from '../stored';
import { belongs, comparison, newer, type Sort, VIEWS, viewsOf } from './views';

interface Arrangement {
  readonly sort: Sort;
  /** Only those of this inbox. */
  readonly inbox: string | null;
}

export type Rows = Readonly<Record<View, readonly Conversation[]>>;

/**
 * The conversations that are known, and the lists that they make. What is taken is there at once;
 * what is shown changes once a picture, and only where something is different.
 */
export class Conversations {
  readonly arrangement = new Stored<Arrangement>('kefu-console-list', {
    sort: 'latest',
    inbox: null,
  });
  /** Ids in the order that they are shown in. */
  readonly lists: Readonly<Record<View, ReadonlySignal<readonly string[]>>>;
  readonly all = computed<ReadonlyMap<string, Conversation>>(() => {
    void this.version.value;
    return new Map(this.held);
  });
  readonly rows = computed<Rows>(() => {
    void this.version.value;
    const entries = VIEWS.map((view) => [view, this.list(view)] as const);
    return Object.fromEntries(entries) as unknown as Rows;
  });
  private readonly held = new Map<string, Conversation>();
  private readonly orders: Record<View, Signal<readonly string[]>>;
  private readonly cells = new Map<string, Signal<Conversation | undefined>>();
  private readonly stamps = new Map<string, number>();
  private readonly changed = new Set<string>();
  /** What the lists were made of: a page of rows that are new takes none out of its place. */
  private readonly placed = new Set<string>();
  private readonly version = signal(0);
  private readonly frames = new Frames(() => this.publish());
  private clock = 0;
  private me: Agent;

  constructor(me: Agent) {
    this.me = me;
    const entries = VIEWS.map((view) => [view, signal<readonly string[]>([])]);
    this.orders = Object.fromEntries(entries) as Record<View, Signal<readonly string[]>>;
    this.lists = this.orders;
  }

  /** What is known of it now; who asks while rendering is told when it changes. */
  get(id: string): Conversation | undefined {
    let cell = this.cells.get(id);
    if (!cell) {
      cell = signal(this.held.get(id));
      this.cells.set(id, cell);
    }
    void cell.value;
    return this.held.get(id);
  }

  peek(id: string): Conversation | undefined {
    return this.held.get(id);
  }

  /** All of them; who asks while rendering is told when any changes. */
  values(): Iterable<Conversation> {
    void this.version.value;
    return this.held.values();
  }

  /** How far each was known; `changedSince` counts those that have gone on. */
  heads(): ReadonlyMap<string, number> {
    return new Map([...this.held].map(([id, { last_seq }]) => [id, last_seq]));
  }

  changedSince(heads: ReadonlyMap<string, number>): number {
    let count = 0;
    for (const [id, { last_seq }] of this.held) if (last_seq > (heads.get(id) ?? 0)) count += 1;
    return count;
  }

  take(conversation: Conversation): void {
    const { id } = conversation;
    this.held.set(id, newer(this.held.get(id), conversation));
    this.stamps.set(id, ++this.clock);
    this.touch(id);
  }

  /** Shows now what was taken: much of it would take too long beside what else the next picture brings. */
  show(): void {
    this.frames.now();
  }

  /** A point in time to which `replace` compares. */
  now(): number {
    return this.clock;
  }

  /** Forgets all that `loaded` does not have, but what `keep` names and what came after `since`. */
  replace(
    loaded: readonly Conversation[],
    since: number,
    keep: (conversation: Conversation) => boolean,
  ): void {
    const fresh = new Set(loaded.map(({ id }) => id));
    for (const [id, conversation] of this.held) {
      const later = (this.stamps.get(id) ?? 0) > since;
      if (!fresh.has(id) && !later && !keep(conversation)) this.forget(id);
    }
    for (const conversation of loaded) {
      this.held.set(conversation.id, newer(this.held.get(conversation.id), conversation));
      this.touch(conversation.id);
    }
    this.frames.now();
  }

  clear(): void {
    for (const id of [...this.held.keys()]) this.forget(id);
    this.frames.now();
  }

  arrange(change: Partial<Arrangement>): void {
    this.arrangement.set(change);
    this.rebuild();
  }

  /** Whether the agent has this list at all. */
  has(view: View): boolean {
    return viewsOf(this.me).includes(view);
  }

  /** Who looks decides what belongs where. */
  setMe(me: Agent): void {
    const rights = (agent: Agent) => JSON.stringify([agent.id, agent.permissions, agent.teams]);
    const same = rights(me) === rights(this.me);
    this.me = me;
    if (!same) this.rebuild();
  }

  close(): void {
    this.frames.cancel();
  }

  private list(view: View): readonly Conversation[] {
    return this.orders[view].value.flatMap((id) => this.held.get(id) ?? []);
  }

  private forget(id: string): void {
    this.held.delete(id);
    this.stamps.delete(id);
    this.touch(id);
  }

  private touch(id: string): void {
    this.changed.add(id);
    this.frames.soon();
  }

  private rebuild(): void {
    for (const view of VIEWS) this.orders[view].value = [];
    this.placed.clear();
    for (const id of this.held.keys()) this.changed.add(id);
    this.frames.now();
  }

  private publish(): void {
    const ids = [...this.changed];
    this.changed.clear();
    batch(() => {
      for (const id of ids) {
        const cell = this.cells.get(id);
        if (cell) cell.value = this.held.get(id);
        if (!this.held.has(id)) this.cells.delete(id);
      }
      const moving = ids.some((id) => this.placed.has(id)) ? new Set(ids) : null;
      for (const view of VIEWS) this.place(view, ids, moving);
      for (const id of ids) {
        if (this.held.has(id)) this.placed.add(id);
        else this.placed.delete(id);
      }
      this.version.value += 1;
    });
  }

  /** Takes what changed out of a list, unless none of it was there, and puts it where it belongs now. */
  private place(view: View, ids: readonly string[], moving: ReadonlySet<string> | null): void {
    const order = this.orders[view];
    const before = order.peek();
    const staying = moving === null ? before : before.filter((id) => !moving.has(id));
    const joining = ids.filter((id) => this.shows(view, id));
    if (joining.length === 0 && staying.length === before.length) return;
    const compare = comparison(view, this.arrangement.peek().sort);
    const byId = (a: string, b: string) => compare(this.held.get(a)!, this.held.get(b)!);
    const after = merged(staying, joining.sort(byId), byId);
    const same = after.length === before.length && after.every((id, at) => id === before[at]);
    if (!same) order.value = after;
  }

  private shows(view: View, id: string): boolean {
    const conversation = this.held.get(id);
    const { inbox } = this.arrangement.peek();
    if (!conversation || (inbox !== null && conversation.inbox.id !== inbox)) return false;
    return belongs(view, conversation, this.me);
  }
}

type Compare = (a: string, b: string) => number;

/** Two sorted lists as one; what stands in both places alike comes from the first. Few joining ones cost few looks. */
function merged(sorted: readonly string[], joining: readonly string[], compare: Compare): string[] {
  const [last, first] = [sorted.at(-1), joining[0]];
  // A page from further down: of a long list, rows one by one would leave several times its size to be collected.
  if (last !== undefined && first !== undefined && compare(last, first) <= 0) return sorted.concat(joining);
  const all: string[] = [];
  let from = 0;
  for (const id of joining) {
    const place = placeOf(id, sorted, from, compare);
    while (from < place) all.push(sorted[from++]!);
    all.push(id);
  }
  while (from < sorted.length) all.push(sorted[from++]!);
  return all;
}

/** Where `id` belongs, at `from` or after it. */
function placeOf(id: string, sorted: readonly string[], from: number, compare: Compare): number {
  let [low, high] = [from, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(sorted[middle]!, id) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
