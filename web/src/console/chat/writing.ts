import { computed, signal } from '@preact/signals';
import { ApiError } from '../../protocol/agent-api';
import type { Draft as Sending, OutboxEntry } from '../../protocol/outbox';
import type { Agent, MediaKind, Message } from '../../protocol/types';
import { TypingNotifier } from '../../protocol/typing';
import { uuid } from '../../protocol/uuid';
import type { Desk } from '../desk';
import { calledIn } from './complete/called';
import { Completer } from './complete/completer';
import { draftOf, type Mode, type Quote, setDraft } from './drafts';

/** What the agent should know about what was written; shown above the field. */
export type Trouble =
  | { kind: 'masked' | 'sensitive' | 'rejected' | 'notSwitched' | 'late' | 'noteFiles' }
  | { kind: 'failed'; detail: string }
  | { kind: 'files'; files: readonly File[]; limit: number };

/** A file that goes out with what is written. */
export interface Attached {
  key: string;
  file: File;
  /** An address of the picture in this page. */
  picture: string | null;
}

/** An own message whose text is being changed. */
export interface Editing {
  message: Message;
  text: string;
  saving: boolean;
}

/** The field of one conversation, and what leaves it. */
export class Writing {
  readonly editing = signal<Editing | null>(null);
  readonly trouble = signal<Trouble | null>(null);
  readonly attached = signal<readonly Attached[]>([]);
  readonly field: { current: HTMLTextAreaElement | null } = { current: null };
  readonly draft = computed(() => draftOf(this.id));
  /** What stands in the field: a text that is being changed, or the draft of the mode. */
  readonly text = computed(() => {
    const draft = this.draft.value;
    return this.editing.value?.text ?? draft[draft.mode];
  });
  readonly completer = new Completer((from, to, text) => this.replace(from, to, text));
  /** Whom a note may call here, once they are known. */
  readonly people = signal<readonly Agent[]>([]);
  private readonly desk: Desk;
  private readonly id: string;
  private readonly notifier: TypingNotifier;

  constructor(desk: Desk, id: string) {
    this.desk = desk;
    this.id = id;
    this.notifier = new TypingNotifier((on) => desk.client.typing(id, on));
  }

  write(text: string): void {
    const editing = this.editing.peek();
    if (editing) {
      this.editing.value = { ...editing, text };
      return;
    }
    const { mode } = this.draft.peek();
    setDraft(this.id, { [mode]: text });
    // What an agent notes is nothing that the visitor should see coming.
    if (mode === 'note') this.notifier.stop();
    else this.notifier.input(text);
  }

  choose(mode: Mode): void {
    this.editing.value = null;
    setDraft(this.id, { mode });
    this.focus();
  }

  /** Puts a text where the cursor is. */
  insert(text: string): void {
    const value = this.text.peek();
    const begin = this.field.current?.selectionStart ?? value.length;
    this.replace(begin, this.field.current?.selectionEnd ?? begin, text);
  }

  /** Puts a text in place of what stands between two places, and the cursor behind it. */
  private replace(begin: number, end: number, text: string): void {
    const value = this.text.peek();
    const field = this.field.current;
    if (field && field.value === value) {
      // At once: whoever types on does not wait for what is being drawn.
      field.focus({ preventScroll: true });
      field.setRangeText(text, begin, end, 'end');
      this.write(field.value);
      return;
    }
    this.write(value.slice(0, begin) + text + value.slice(end));
    this.focus(begin + text.length);
  }

  /** Once what is being drawn is there. */
  focus(caret?: number): void {
    requestAnimationFrame(() => {
      const field = this.field.current;
      field?.focus({ preventScroll: true });
      if (caret !== undefined) field?.setSelectionRange(caret, caret);
    });
  }

  quote(quote: Quote): void {
    this.editing.value = null;
    setDraft(this.id, { mode: 'reply', quote });
    this.focus();
  }

  unquote(): void {
    setDraft(this.id, { quote: null });
    this.focus();
  }

  /** Takes files for the next message; never in a note, whose files the visitor would get. */
  attach(files: readonly File[]): void {
    if (files.length === 0) return;
    if (this.draft.peek().mode === 'note') {
      this.trouble.value = { kind: 'noteFiles' };
      return;
    }
    const limit = this.desk.me.peek().upload_bytes_max ?? Infinity;
    const refused = files.filter(({ size }) => size === 0 || size > limit);
    if (refused.length > 0) this.trouble.value = { kind: 'files', files: refused, limit };
    const taken = files.filter((file) => !refused.includes(file));
    const more = taken.map((file) => ({
      key: uuid(),
      file,
      picture: file.type.startsWith('image/') ? URL.createObjectURL(file) : null,
    }));
    this.attached.value = [...this.attached.peek(), ...more];
    this.focus();
  }

  detach(key: string): void {
    const gone = this.attached.peek().find((each) => each.key === key);
    if (gone?.picture) URL.revokeObjectURL(gone.picture);
    this.attached.value = this.attached.peek().filter((each) => each !== gone);
    this.focus();
  }

  /**
   * Sends what is written in the mode that is chosen, and what is attached after it. Returns the
   * last of it, null when there is nothing.
   */
  submit(): OutboxEntry | null {
    const text = this.text.peek().trim();
    const { mode, quote } = this.draft.peek();
    const note = mode === 'note';
    let last: OutboxEntry | null = null;
    this.completer.begun.value = null;
    if (text !== '') {
      const mentions = note ? calledIn(text, this.people.peek()) : [];
      last = this.send({
        kind: note ? 'note' : 'text',
        text,
        ...(mentions.length > 0 && { data: { mentions } }),
        ...(!note && quote !== null && { quote_seq: quote.seq }),
      });
      setDraft(this.id, note ? { note: '' } : { reply: '', quote: null });
    }
    if (note) return last;
    for (const { key, file } of this.attached.peek()) {
      const sent = { blob: file, name: file.name, media_type: file.type };
      last = this.send({ kind: kindOf(file), text: '', file: sent });
      this.detach(key);
    }
    return last;
  }

  send(draft: Sending): OutboxEntry {
    this.notifier.stop();
    this.trouble.value = null;
    return this.desk.client.send(this.id, draft);
  }

  /** Takes a refused message back into the field, so that it can be said in other words. */
  takeBack({ client_id, kind, text }: OutboxEntry): void {
    const mode: Mode = kind === 'note' ? 'note' : 'reply';
    const begun = this.draft.peek()[mode];
    this.desk.client.discard(client_id);
    setDraft(this.id, { mode, [mode]: begun === '' ? text : `${text}\n${begun}` });
    this.focus(text.length);
  }

  edit(message: Message): void {
    this.trouble.value = null;
    this.editing.value = { message, text: message.text, saving: false };
    this.focus(message.text.length);
  }

  stopEditing(): void {
    this.editing.value = null;
    this.focus();
  }

  async saveEdit(): Promise<void> {
    const editing = this.editing.peek();
    const text = editing?.text.trim() ?? '';
    if (!editing || editing.saving || text === '') return;
    if (text === editing.message.text) {
      this.stopEditing();
      return;
    }
    this.editing.value = { ...editing, saving: true };
    try {
      await this.desk.api.patch(this.pathOf(editing.message), { text });
      this.trouble.value = null;
      if (this.editing.peek()?.message === editing.message) this.stopEditing();
    } catch (error) {
      const now = this.editing.peek();
      if (now?.message === editing.message) this.editing.value = { ...now, saving: false };
      this.fail(error);
    }
  }

  async recall(message: Message): Promise<void> {
    try {
      await this.desk.api.delete(this.pathOf(message));
    } catch (error) {
      this.fail(error);
    }
  }

  close(): void {
    this.notifier.stop();
    for (const { picture } of this.attached.peek()) if (picture) URL.revokeObjectURL(picture);
  }

  private pathOf(message: Message): string {
    return `conversations/${this.id}/messages/${message.seq}`;
  }

  private fail(error: unknown): void {
    const code = error instanceof ApiError ? error.code : '';
    const detail = error instanceof Error ? error.message : '';
    if (code === 'rejected') this.trouble.value = { kind: 'rejected' };
    else if (code === 'inbox_not_switched') this.trouble.value = { kind: 'notSwitched' };
    else if (code === 'conflict') this.trouble.value = { kind: 'late' };
    else this.trouble.value = { kind: 'failed', detail };
  }
}

/** What a file is likely to be; the server looks into it. */
function kindOf({ type }: File): MediaKind {
  if (type.startsWith('image/')) return 'image';
  if (type.startsWith('video/')) return 'video';
  return type.startsWith('audio/') ? 'voice' : 'file';
}
