import { signal } from '@preact/signals';
import type { AgentApi } from '../../protocol/agent-api';

/** What became of a message that went to a chat service. */
export interface ChannelSend {
  seq: number;
  /** `changing`: there, and a change is not yet; `outdated`: there as it was before it was changed or taken back. */
  state: 'waiting' | 'sent' | 'failed' | 'changing' | 'outdated';
  tries: number;
  error?: string;
}

/** The chat service that a conversation came over. */
export interface ConversationChannel {
  channel: {
    id: string;
    name: string;
    enabled: boolean;
    /** Whether customers see it when a message is changed. */
    edits: boolean;
    /** Whether customers see it when one is taken back. */
    recalls: boolean;
  } | null;
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

function isUnderWay({ state }: ChannelSend): boolean {
  return state === 'waiting' || state === 'changing';
}

/**
 * The message that somebody should know of: the last that failed, or else the last of which the customer sees what it was,
 * or else the last that is tried in vain. What was `dismissed` is known.
 */
export function troubled(
  { sends }: ConversationChannel,
  dismissed: ReadonlySet<number> = new Set(),
): ChannelSend | null {
  const last = (is: (send: ChannelSend) => boolean) => sends.findLast(is) ?? null;
  return (
    last(({ state }) => state === 'failed') ??
    last(({ state, seq }) => state === 'outdated' && !dismissed.has(seq)) ??
    last((send) => isUnderWay(send) && send.error !== undefined)
  );
}

/** What is known of a conversation's chat service. */
export class ChannelState {
  readonly value = signal<ConversationChannel | null>(null);
  /** Messages of which it is known that the customer sees what they were. */
  readonly dismissed = signal<ReadonlySet<number>>(new Set());
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
    return this.value.value?.sends.some(isUnderWay) ?? false;
  }

  dismiss(seq: number): void {
    this.dismissed.value = new Set([...this.dismissed.value, seq]);
  }

  /** Throws when it is not on its way. */
  async sendAgain(seq: number): Promise<void> {
    await this.api.post(`conversations/${this.id}/messages/${seq}/send-again`);
    await this.load();
  }
}
