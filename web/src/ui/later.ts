import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

/** A part of the page that is loaded when it is first needed. */
export class Later<T> {
  readonly loaded = signal<T | 'failed' | null>(null);
  private readonly fetchPart: () => Promise<T>;
  private underWay: Promise<T> | null = null;

  constructor(fetchPart: () => Promise<T>) {
    this.fetchPart = fetchPart;
  }

  load(): Promise<T> {
    this.underWay ??= this.fetchPart().then(
      (part) => (this.loaded.value = part),
      (error: unknown) => {
        this.underWay = null;
        this.loaded.value = 'failed';
        throw error;
      },
    );
    return this.underWay;
  }

  /** Loads it for whoever may need it. */
  prefetch(): void {
    this.load().catch(() => undefined);
  }
}

/** The part once it is there; asking for it loads it. */
export function useLater<T>(later: Later<T>): T | 'failed' | null {
  useEffect(() => later.prefetch(), [later]);
  return later.loaded.value;
}
