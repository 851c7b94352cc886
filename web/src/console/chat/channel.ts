import { signal } from '@preact/signals';
import type { AgentApi } from '../../protocol/agent-api';

/** What became of a message that went to a chat service. */
export interface ChannelSend {
  seq: number;
  state: 'waiting' | 'sent' | 'failed';
  tries: number;
  error?: string;
}

/** The chat service that a conversation came over. */
export interface ConversationChannel {
  channel: { id: string; name: string; enabled: boolean } | null;
  reply_until?: string;
  replies_left?: number;
  sends: readonly ChannelSend[];
}

/** Whether the customer can be answered. */
export type Window =
  | { kind: 'open'; until: string | null; left: number | null }
  | { kind: 'over'; until: string }
  | { kind: 'used' };

export function windowOf(state: ConversationChannel, now: number): Window {
  const { reply_until: until, replies_left: left } = state;
  if (until !== undefined && Date.parse(until) < now) return { kind: 'over', until };
  if (left === 0) return { kind: 'used' };
  return { kind: 'open', until: until ?? null, left: left ?? null };
}

/** The message that somebody should know of: the last that failed, or else the last that is tried in vain. */
export function troubled({ sends }: ConversationChannel): ChannelSend | null {
  const last = (is: (send: ChannelSend) => boolean) => sends.findLast(is);
  const failed = last(({ state }) => state === 'failed');
  return failed ?? last(({ state, error }) => state === 'waiting' && error !== undefined) ?? null;
}

/** What is known of a conversation's chat service. */
export class ChannelState {
  readonly value = signal<ConversationChannel | null>(null);
  private readonly api: AgentApi;
  private readonly id: string;

  constructor(api: AgentApi, id: string) {
    this.api = api;
    this.id = id;
  }

  /** What cannot be had stays as it was: it is looked at again with the next message. */
  async load(): Promise<void> {
    const path = `conversations/${this.id}/channel`;
    const state = await this.api.get<ConversationChannel>(path).catch(() => null);
    if (state) this.value.value = state;
  }

  get isWaiting(): boolean {
    return this.value.value?.sends.some(({ state }) => state === 'waiting') ?? false;
  }

  /** Throws when it is not on its way. */
  async sendAgain(seq: number): Promise<void> {
    await this.api.post(`conversations/${this.id}/messages/${seq}/send-again`);
    await this.load();
  }
}
