/** What the loader leaves in the host page; before it has come, a queue stands in its place. */
export interface Kefu {
  (command: string, ...args: unknown[]): void;
  q?: ArrayLike<unknown>[];
  loaded?: boolean;
}

declare global {
  interface Window {
    kefu?: Kefu | undefined;
  }
}
