/* Subscriptions and what became of them, as REST tells them. */

export const KINDS = ['webhook', 'topic', 'action'] as const;
export type SubscriptionKind = (typeof KINDS)[number];

export const DEEDS = ['assign', 'tag', 'ticket', 'reply'] as const;
export type Deed = (typeof DEEDS)[number];

/** What kefu does about an event by itself. */
export type SubscriptionAction =
  | { do: 'assign'; agent_id?: string; team_id?: string }
  | { do: 'tag'; tags: string[] }
  | { do: 'ticket'; subject: string }
  | { do: 'reply'; text: string };

export interface Subscription {
  id: string;
  name: string;
  topics: string[];
  /** All when it is empty. */
  inboxes: string[];
  kind: SubscriptionKind;
  url?: string;
  headers: Record<string, string>;
  has_secret: boolean;
  /** Only right after it was made. */
  secret?: string;
  topic?: string;
  action?: SubscriptionAction;
  is_enabled: boolean;
  /** Stands in the server's configuration. */
  is_fixed?: boolean;
  disabled_reason: 'failing' | 'admin' | null;
  failing_since: string | null;
  waiting: number;
  dead: number;
  skipped?: number;
  version: number;
}

export interface EventType {
  topic: string;
  version: number;
  description: { en: string; 'zh-CN': string };
  example: unknown;
}

export const STATES = ['all', 'waiting', 'done', 'dead'] as const;
export type DeliveryState = (typeof STATES)[number];

export interface Attempt {
  at: string;
  status: number | null;
  latency_ms: number | null;
  error: string | null;
  request_headers: Record<string, string>;
  response_body: string | null;
}

export interface Delivery {
  id: string;
  event_id: string;
  topic: string;
  key: string;
  state: Exclude<DeliveryState, 'all'>;
  attempts: Attempt[];
  next_at: string | null;
  created_at: string;
  request_body?: string;
}

export interface TestResult {
  status: number | null;
  latency_ms: number | null;
  error: string | null;
}
