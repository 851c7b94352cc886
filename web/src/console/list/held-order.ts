export interface ShownOrder {
  readonly ids: readonly string[];
  /** How many more there are above, which are not shown yet. */
  readonly fresh: number;
}

/**
 * The order of a list under somebody's hand: while it is held no row moves, comes between others
 * or goes. What is loaded further down is put at the end.
 */
export class HeldOrder {
  private held: readonly string[] | null = null;
  private last: { live: readonly string[]; shown: ShownOrder } | null = null;

  /** Holds the order as it is now. */
  hold(live: readonly string[]): void {
    this.held ??= live;
  }

  /** Goes on holding, but with everything where it belongs. */
  renew(live: readonly string[]): void {
    if (this.held) this.held = live;
    this.last = null;
  }

  release(): void {
    this.held = null;
    this.last = null;
  }

  of(live: readonly string[]): ShownOrder {
    if (this.held === null || this.held === live) return { ids: live, fresh: 0 };
    if (this.last?.live === live) return this.last.shown;
    const held = new Set(this.held);
    const end = live.findLastIndex((id) => held.has(id)) + 1;
    const below = end === 0 ? [] : live.slice(end);
    if (below.length > 0) this.held = [...this.held, ...below];
    const fresh = live.filter((id) => !held.has(id)).length - below.length;
    const shown = { ids: this.held, fresh };
    this.last = { live, shown };
    return shown;
  }
}
