import { Client } from './client';
import type { ServerFrame } from './types';

/** What is watched besides single conversations. */
export type WatchScope = 'team' | 'all';

/** An agent's connection: it may follow what it does not get anyway, and goes on doing so after a reconnect. */
export class WatchingClient extends Client {
  private readonly watched = new Set<string>();
  private readonly scopes = new Set<WatchScope>();

  /** When the last frame came; 0 before the first. */
  get heardAt(): number {
    return this.liveness.heardAt;
  }

  /** Follows a conversation that this person does not get anyway, until `unwatch`. */
  watch(conversationId: string): void {
    this.watched.add(conversationId);
    this.hint({ type: 'watch', scope: 'conversation', id: conversationId });
  }

  unwatch(conversationId: string): void {
    if (!this.watched.delete(conversationId)) return;
    this.positions.live.delete(conversationId);
    this.hint({ type: 'unwatch', scope: 'conversation', id: conversationId });
  }

  /** Has `conversation` hints come of everything, or of what own teams have, until `unwatchScope`. */
  watchScope(scope: WatchScope): void {
    this.scopes.add(scope);
    this.hint({ type: 'watch', scope });
  }

  unwatchScope(scope: WatchScope): void {
    if (this.scopes.delete(scope)) this.hint({ type: 'unwatch', scope });
  }

  protected override receive(frame: ServerFrame): void {
    super.receive(frame);
    if (frame.type !== 'watching' || frame.scope !== 'conversation' || frame.id === undefined) return;
    const { id, last_seq = 0 } = frame;
    const held = this.positions.get(id);
    this.positions.follow(id, last_seq);
    if (held !== undefined && held < last_seq) this.options.listener.behind(id);
  }

  protected override online(): void {
    for (const id of this.watched) this.hint({ type: 'watch', scope: 'conversation', id });
    for (const scope of this.scopes) this.hint({ type: 'watch', scope });
  }
}
