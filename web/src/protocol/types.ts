/** Shapes of wire contract v1: what REST answers with and what frames carry. */

/** Longest text of a message that the server takes. */
export const MAX_TEXT_CHARS = 16_384;

export type ConversationState = 'new' | 'queued' | 'open' | 'pending' | 'resolved';
export type MessageKind = 'text' | 'note' | 'event';
export type AgentStatus = 'online' | 'busy' | 'away' | 'offline';
export type AgentRole = 'admin' | 'supervisor' | 'agent';
export type EventCode =
  'queued' | 'assigned' | 'transferred' | 'pending' | 'resolved' | 'reopened' | 'rated';
export type View = 'mine' | 'waiting' | 'all' | 'ended';

export interface Person {
  kind: 'visitor' | 'agent' | 'bot' | 'system';
  id: string | null;
  name: string;
}

export interface ChatEvent {
  code: EventCode;
  agent?: { id: string; name: string };
  by?: Person;
  score?: number;
}

export interface Message {
  conversation_id: string;
  seq: number;
  /** The number before `seq` among those that this reader may see. */
  prev_seq: number;
  id: string;
  client_id: string | null;
  from: Person;
  kind: MessageKind;
  text: string;
  event?: ChatEvent;
  created_at: string;
}

export interface Rating {
  score: number;
  comment: string;
  created_at: string;
}

export interface Conversation {
  id: string;
  inbox: { id: string; key: string; name: string };
  visitor: { id: string; name: string; verified: boolean };
  state: ConversationState;
  assignee: { id: string; name: string } | null;
  last_seq: number;
  visitor_read_seq: number;
  agent_read_seq: number;
  last_message: Pick<Message, 'seq' | 'kind' | 'text' | 'from' | 'created_at'> | null;
  queued_at: string | null;
  created_at: string;
  updated_at: string;
  resolved_at: string | null;
  rating: Rating | null;
}

export interface Agent {
  id: string;
  name: string;
  email: string;
  role: AgentRole;
  status: AgentStatus;
  capacity: number;
  load: number;
  disabled: boolean;
}

export interface Inbox {
  id: string;
  key: string;
  name: string;
  greeting: string;
  origins: string[];
  identity_required: boolean;
  created_at: string;
}

export interface Visitor {
  id: string;
  name: string;
  email: string | null;
  external_id: string | null;
  verified: boolean;
  attributes: Record<string, unknown>;
  created_at: string;
  last_seen_at: string | null;
}

export interface Page<T> {
  items: T[];
  has_more: boolean;
  next_cursor?: string | null;
}

export interface WidgetConfig {
  inbox: string;
  name: string;
  greeting: string;
  identity_required: boolean;
  agents_online: boolean;
}

export interface WidgetSession {
  token: string;
  visitor_id: string;
  conversation_id: string;
  epoch: Epoch;
  last_seq: number;
}

/** Who the host page says its visitor is; `hmac` or `jwt` make it believed. */
export interface VisitorIdentity {
  external_id?: string;
  name?: string;
  email?: string;
  hmac?: string;
  jwt?: string;
  attributes?: Record<string, unknown>;
}

/** The life of a store; another one makes every position void. */
export type Epoch = string;

export interface Position {
  conversation_id: string;
  seq: number;
}

export interface Hello {
  type: 'hello';
  epoch: Epoch;
  connection_id: string;
  heartbeat_s: number;
  principal?: { kind: string; id: string; name: string };
  conversations: { id: string; last_seq: number }[];
}

export interface Ack {
  type: 'ack';
  client_id: string;
  conversation_id: string;
  seq: number;
  /** Absent in the answer to a repeat. */
  prev_seq?: number;
  id: string;
  created_at: string;
}

export interface ErrorFrame {
  type: 'error';
  code: string;
  message: string;
  client_id?: string;
  conversation_id?: string;
  retry_after_ms?: number;
}

export type ConversationChange = EventCode | 'updated';

export type ServerFrame =
  | Hello
  | Ack
  | ErrorFrame
  | ({ type: 'message' } & Message)
  | { type: 'resumed' }
  | { type: 'reset'; epoch: Epoch; conversation_id?: string }
  | { type: 'conversation'; change: ConversationChange; conversation: Conversation }
  | { type: 'typing'; conversation_id: string; from: Person; on: boolean }
  | { type: 'read'; conversation_id: string; from: Person; seq: number }
  | { type: 'presence'; from: Person; status: AgentStatus }
  | { type: 'watching'; scope: string; id?: string; last_seq?: number }
  | { type: 'restart'; retry_after_ms?: number }
  | { type: 'pong' };

export type ClientFrame =
  | {
      type: 'send';
      client_id: string;
      conversation_id: string;
      kind: MessageKind;
      text: string;
    }
  | { type: 'resume'; epoch: Epoch; positions: Position[] }
  | { type: 'typing'; conversation_id: string; on: boolean }
  | { type: 'read'; conversation_id: string; seq: number }
  | { type: 'watch' | 'unwatch'; scope: 'conversation' | 'team' | 'all'; id?: string }
  | { type: 'ping' };
