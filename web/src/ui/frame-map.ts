import { signal } from '@preact/signals';
import { Frames } from './frames';

/** A map that changes often; those who look are told once a picture. */
export class FrameMap<V> {
  readonly state = signal<ReadonlyMap<string, V>>(new Map());
  private readonly held = new Map<string, V>();
  private readonly frames = new Frames(() => (this.state.value = new Map(this.held)));

  get(key: string): V | undefined {
    return this.held.get(key);
  }

  set(key: string, value: V): void {
    this.held.set(key, value);
    this.frames.soon();
  }

  delete(key: string): void {
    if (this.held.delete(key)) this.frames.soon();
  }

  clear(): void {
    this.held.clear();
    this.frames.now();
  }

  close(): void {
    this.frames.cancel();
  }
}
