import { signal } from '@preact/signals';
import { ApiError } from '../../protocol/agent-api';
import type { OutboxEntry } from '../../protocol/outbox';
import type { Page, Priority, Tag } from '../../protocol/types';
import { uuid } from '../../protocol/uuid';
import type { Desk } from '../desk';
import { delivered } from './delivered';

export type Oversight = 'join' | 'leave' | 'takeover';
export type Recipient = { agent_id: string } | { team_id: string } | null;

/** What is done with a conversation beside writing in it. */
export class Handling {
  readonly tags = signal<readonly Tag[]>([]);
  private readonly desk: Desk;
  private readonly id: string;

  constructor(desk: Desk, id: string) {
    this.desk = desk;
    this.id = id;
  }

  private get path(): string {
    return `conversations/${this.id}`;
  }

  /** True once it is stored. */
  note(text: string): Promise<boolean> {
    const entry = this.desk.client.send(this.id, { kind: 'note', text });
    return delivered(this.desk.outbox, entry);
  }

  /** To one of them, or back to the queue. */
  transfer(to: Recipient): Promise<boolean> {
    return this.perform(() => this.desk.api.post(`${this.path}/transfer`, to ?? {}));
  }

  oversee(act: Oversight): Promise<boolean> {
    return this.perform(() => this.desk.api.post(`${this.path}/${act}`));
  }

  setPriority(priority: Priority): Promise<boolean> {
    return this.perform(() => this.desk.api.put(`${this.path}/priority`, { priority }));
  }

  inviteRating(): Promise<boolean> {
    return this.perform(() => this.desk.api.post(`${this.path}/rating/invite`));
  }

  /** Ends the conversation once the last message is stored. */
  async resolveAfter(entry: OutboxEntry): Promise<boolean> {
    return (await delivered(this.desk.outbox, entry)) && this.desk.act(this.id, 'resolve');
  }

  /** Throws when it does not arrive. */
  async whisper(text: string): Promise<void> {
    await this.desk.api.post(`${this.path}/whisper`, { client_id: uuid(), text });
  }

  async loadTags(): Promise<void> {
    const tags = await this.desk.api.get<Page<Tag>>(`${this.path}/tags`).catch(() => null);
    if (tags) this.tags.value = tags.items;
  }

  /** Shown at once; what the server says in the end counts. */
  async setTags(tags: readonly Tag[]): Promise<void> {
    const before = this.tags.value;
    this.tags.value = tags;
    try {
      const body = { tags: tags.map((tag) => tag.id) };
      this.tags.value = (await this.desk.api.put<Page<Tag>>(`${this.path}/tags`, body)).items;
    } catch (error) {
      this.tags.value = before;
      const code = error instanceof ApiError ? error.code : 'unavailable';
      const detail = error instanceof Error ? error.message : '';
      this.desk.notify({ kind: 'error', code, detail });
    }
  }

  /** Where the conversation is had as a file. */
  transcriptUrl(format: 'text' | 'html'): string {
    const url = new URL(`${this.path}/transcript`, this.desk.api.root);
    url.searchParams.set('format', format);
    url.searchParams.set('tz', Intl.DateTimeFormat().resolvedOptions().timeZone);
    return url.href;
  }

  async transcript(): Promise<string> {
    const response = await fetch(this.transcriptUrl('text'), { credentials: 'same-origin' });
    const text = await response.text();
    if (!response.ok) throw this.desk.api.refusal(response.status, text, null);
    return text;
  }

  private perform(request: () => Promise<unknown>): Promise<boolean> {
    return this.desk.perform(this.id, request);
  }
}
