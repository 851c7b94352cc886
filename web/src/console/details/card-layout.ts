import { signal } from '@preact/signals';

interface Kept {
  order: string[];
  closed: string[];
}

/** In which order an agent wants the cards of the details column, and which of them closed. */
export class CardLayout {
  readonly order = signal<readonly string[]>([]);
  readonly closed = signal<ReadonlySet<string>>(new Set());
  private readonly key: string;

  /** `names` are all cards in the order of who never moved one. */
  constructor(agent: string, names: readonly string[]) {
    this.key = `kefu-details-${agent}`;
    const kept = read(this.key);
    this.order.value = arranged(names, kept.order);
    this.closed.value = new Set(kept.closed.filter((name) => names.includes(name)));
  }

  toggle(name: string): void {
    const closed = new Set(this.closed.value);
    if (!closed.delete(name)) closed.add(name);
    this.closed.value = closed;
    this.keep();
  }

  /** Puts a card where `place` is, counted from 0. */
  move(name: string, place: number): void {
    const others = this.order.value.filter((each) => each !== name);
    const at = Math.max(0, Math.min(place, others.length));
    this.order.value = [...others.slice(0, at), name, ...others.slice(at)];
    this.keep();
  }

  private keep(): void {
    const kept: Kept = { order: [...this.order.value], closed: [...this.closed.value] };
    try {
      localStorage.setItem(this.key, JSON.stringify(kept));
    } catch {
      // Without storage the choice lasts as long as the page.
    }
  }
}

function read(key: string): Kept {
  try {
    const { order, closed } = JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<Kept>;
    return { order: words(order), closed: words(closed) };
  } catch {
    return { order: [], closed: [] };
  }
}

function words(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

/** The kept order of what there still is; a card that is new goes after the one it follows. */
function arranged(names: readonly string[], kept: readonly string[]): string[] {
  const order = kept.filter((name) => names.includes(name));
  names.forEach((name, index) => {
    if (order.includes(name)) return;
    const before = names.slice(0, index).reverse().find((each) => order.includes(each));
    order.splice(before === undefined ? 0 : order.indexOf(before) + 1, 0, name);
  });
  return order;
}
