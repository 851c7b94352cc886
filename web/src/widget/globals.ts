/** What the loader leaves in the host page; before it has come, a queue stands in its place. */
export interface Kefu {
  (command: string, ...args: unknown[]): void;
  /** Each call's arguments. */
  q?: [command: string, ...args: unknown[]][];
  loaded?: boolean;
}

declare global {
  interface Window {
    kefu?: Kefu | undefined;
  }
}
