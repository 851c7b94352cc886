import { signal, type Signal } from '@preact/signals';

/** What this browser remembers; without storage it lasts as long as the page. */
export function load(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function save(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // A private window, or a full disk: the choice is not kept.
  }
}

/** Choices that are kept as JSON. What an older version did not know has its default. */
export class Stored<T extends object> {
  readonly state: Signal<T>;
  private readonly key: string;

  constructor(key: string, defaults: T) {
    this.key = key;
    this.state = signal({ ...defaults, ...parsed<T>(load(key)) });
  }

  get value(): T {
    return this.state.value;
  }

  peek(): T {
    return this.state.peek();
  }

  set(change: Partial<T>): void {
    this.state.value = { ...this.state.peek(), ...change };
    save(this.key, JSON.stringify(this.state.peek()));
  }
}

function parsed<T>(text: string | null): Partial<T> {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return typeof value === 'object' && value !== null ? (value as Partial<T>) : {};
  } catch {
    return {};
  }
}
