import { signal } from '@preact/signals';
import type { TicketComment } from '../../protocol/people';
import { uuid } from '../../protocol/uuid';

export type SendState = { kind: 'idle' } | { kind: 'sending' } | { kind: 'failed'; error: unknown };

type Send = (body: {
  client_id: string;
  internal: boolean;
  text: string;
}) => Promise<TicketComment>;

/** A comment that is being written; what failed to be sent goes out again as the same one. */
export class CommentDraft {
  readonly text = signal('');
  readonly internal = signal(false);
  readonly state = signal<SendState>({ kind: 'idle' });
  private clientId = uuid();

  write(text: string): void {
    this.change(text !== this.text.value);
    this.text.value = text;
  }

  setInternal(internal: boolean): void {
    this.change(internal !== this.internal.value);
    this.internal.value = internal;
  }

  /** The comment as the server has it; null when it did not get there or says nothing. */
  async send(send: Send): Promise<TicketComment | null> {
    const text = this.text.value.trim();
    if (text === '' || this.state.value.kind === 'sending') return null;
    this.state.value = { kind: 'sending' };
    try {
      const body = { client_id: this.clientId, internal: this.internal.value, text };
      const comment = await send(body);
      this.text.value = '';
      this.clientId = uuid();
      this.state.value = { kind: 'idle' };
      return comment;
    } catch (error) {
      this.state.value = { kind: 'failed', error };
      return null;
    }
  }

  /** Other words are another comment: the server may have taken the first ones. */
  private change(isOther: boolean): void {
    if (!isOther || this.state.value.kind !== 'failed') return;
    this.clientId = uuid();
    this.state.value = { kind: 'idle' };
  }
}

const drafts = new Map<string, CommentDraft>();

/** The draft of a ticket, which outlives the view that shows it. */
export function commentDraft(ticket: string): CommentDraft {
  const draft = drafts.get(ticket) ?? new CommentDraft();
  drafts.set(ticket, draft);
  return draft;
}
