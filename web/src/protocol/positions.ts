import type { Position } from './types';

/**
 * What an arriving entry means for what is held:
 * `next` follows on, `known` was seen before, `gap` skips entries that this connection owes,
 * `behind` skips entries from before the conversation was followed.
 */
export type Step = 'next' | 'known' | 'gap' | 'behind';

/** The last `seq` held of each conversation. */
export class Positions {
  private readonly held = new Map<string, number>();
  /** Conversations whose entries are known to follow each other on this connection. */
  readonly live = new Set<string>();

  get(id: string): number | undefined {
    return this.held.get(id);
  }

  /** Raises a position; a lower one changes nothing. */
  raise(id: string, seq: number): void {
    if (seq >= (this.held.get(id) ?? 0)) this.held.set(id, seq);
  }

  forget(id: string): void {
    this.held.delete(id);
    this.live.delete(id);
  }

  clear(): void {
    this.held.clear();
    this.live.clear();
  }

  /**
   * A new connection, which follows what `hello` lists: gives the positions to resume from, and
   * takes those of `hello` where nothing is held.
   */
  connect(conversations: readonly { id: string; last_seq: number }[]): Position[] {
    const positions: Position[] = [];
    this.live.clear();
    for (const { id, last_seq } of conversations) {
      const seq = this.held.get(id);
      if (seq === undefined) this.held.set(id, last_seq);
      else positions.push({ conversation_id: id, seq });
      this.live.add(id);
    }
    return positions;
  }

  /** From here on entries of this conversation follow each other. */
  follow(id: string, seq: number): void {
    this.raise(id, seq);
    this.live.add(id);
  }

  /** Takes an entry; a `gap` moves nothing, so that a resume brings what is missing. */
  step(id: string, seq: number, prevSeq: number): Step {
    const held = this.held.get(id);
    if (held !== undefined && seq <= held) return 'known';
    const skips = held !== undefined && prevSeq > held;
    if (skips && this.live.has(id)) return 'gap';
    this.follow(id, seq);
    return skips ? 'behind' : 'next';
  }
}
