import { signal } from '@preact/signals';
import type { Conversation } from '../../protocol/types';

export type AlertEvent = 'queued' | 'assigned' | 'offered' | 'message' | 'mention' | 'overdue';

export type Notice =
  | { id: number; kind: 'error'; code: string; detail: string }
  | { id: number; kind: 'bulk'; done: number }
  | {
      id: number;
      kind: AlertEvent;
      visitor: Conversation['visitor'];
      conversation: string;
      /** What was written, if that is what it is about. */
      text?: string;
    };

export type NewNotice = Notice extends infer N ? (N extends Notice ? Omit<N, 'id'> : never) : never;

const SHOWN_MS = 6_000;
const SHOWN_MAX = 3;
/** Where messages come faster than this nobody reads a notice of each. */
const MESSAGE_GAP_MS = 500;

/** What happened elsewhere, for a few seconds each. */
export class NoticeBoard {
  readonly notices = signal<readonly Notice[]>([]);
  /** The one that came last, even when it is not shown any more. */
  readonly latest = signal<Notice | null>(null);
  private lastId = 0;
  private messageAt = 0;

  add(notice: NewNotice): void {
    const id = ++this.lastId;
    const added = { ...notice, id } as Notice;
    this.latest.value = added;
    if (notice.kind === 'message') {
      if (Date.now() - this.messageAt < MESSAGE_GAP_MS) return;
      this.messageAt = Date.now();
    }
    // One notice for each conversation is enough.
    const others = this.notices.peek().filter((each) => !sameSubject(each, added));
    this.notices.value = [...others.slice(1 - SHOWN_MAX), added];
    // An offer stays until it is answered or over.
    if (notice.kind !== 'offered') setTimeout(() => this.dismiss(id), SHOWN_MS);
  }

  dismiss(id: number): void {
    this.drop((each) => each.id === id);
  }

  /** What it said of a conversation is not so any more. */
  settle(conversation: string, kind: AlertEvent): void {
    this.drop((each) => each.kind === kind && each.conversation === conversation);
  }

  private drop(which: (notice: Notice) => boolean): void {
    const rest = this.notices.peek().filter((each) => !which(each));
    if (rest.length < this.notices.peek().length) this.notices.value = rest;
  }
}

function sameSubject(a: Notice, b: Notice): boolean {
  return 'conversation' in a && 'conversation' in b && a.conversation === b.conversation;
}
