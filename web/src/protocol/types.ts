/** Shapes of wire contract v1: what REST answers with and what frames carry. */

/** Longest text of a message that the server takes. */
export const MAX_TEXT_CHARS = 16_384;

export type ConversationState = 'new' | 'queued' | 'open' | 'pending' | 'resolved';
export type MediaKind = 'image' | 'file' | 'voice' | 'video';
export type MessageKind = 'text' | 'note' | 'location' | 'card' | 'form' | MediaKind | 'event';
export type AgentStatus = 'online' | 'busy' | 'away' | 'offline';
export type AgentRole = 'admin' | 'supervisor' | 'agent';
export type EventCode =
  | 'queued'
  | 'assigned'
  | 'transferred'
  | 'pending'
  | 'resolved'
  | 'reopened'
  | 'rated'
  | 'rating_invited'
  | 'edited'
  | 'recalled'
  | 'idle_warned'
  | 'joined'
  | 'left'
  | 'taken_over'
  | 'handed_over'
  | 'ticket.external.created'
  | 'ticket.external.updated'
  | 'ticket.external.commented'
  | 'ticket.external.failed'
  | 'ticket.external.unknown'
  | 'erased';
export type Priority = 'low' | 'normal' | 'high' | 'urgent';
export type View = 'mine' | 'waiting' | 'bot' | 'all' | 'ended';

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
  /** The message that an edit or recall is about. */
  seq?: number;
  /** Until when the conversation was set aside. */
  until?: string;
}

export interface LocationData {
  latitude: number;
  longitude: number;
  name?: string;
  address?: string;
}

export interface CardData {
  title: string;
  subtitle?: string;
  price?: string;
  image_url?: string;
  url?: string;
  buttons?: { label: string; url?: string; reply?: string }[];
}

export interface FormField {
  name: string;
  label: string;
  type: 'text' | 'multiline' | 'email' | 'phone' | 'number' | 'date' | 'select' | 'checkbox';
  required?: boolean;
  options?: string[];
}

/** Questions, or the answers to those of message `answers_seq`. */
export interface FormData {
  title?: string;
  fields?: FormField[];
  answers_seq?: number;
  values?: { name: string; value: string }[];
}

/** What a reader gets of a message that holds a file; a sender names `file_id` alone. */
export interface MediaData {
  file_id: string;
  name: string;
  size: number;
  media_type: string;
  width?: number | null;
  height?: number | null;
  duration_ms?: number | null;
  /** Relative to the server; for an hour at most. */
  url: string;
}

/** The answer to an upload. */
export interface UploadedFile {
  id: string;
  conversation_id: string;
  name: string;
  size: number;
  media_type: string;
  kind: MediaKind;
  width?: number | null;
  height?: number | null;
  url: string;
  created_at: string;
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
  /** What it holds besides its text, by kind: see `CardData` and its neighbours. */
  data?: Record<string, unknown> | null;
  quote_seq?: number | null;
  revision?: 'edited' | 'recalled' | 'erased' | null;
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
  /** What is `open` without one is with the bot. */
  assignee: { id: string; name: string } | null;
  /** The team that it waits for or was answered by. */
  team?: { id: string; name: string } | null;
  priority: Priority;
  /** Where it stands while it waits. */
  queue?: { position: number; wait_ms?: number | null } | null;
  /** Who is asked to accept it, for agents only. */
  offer?: { agent: { id: string; name: string }; until: string } | null;
  /** Who takes part beside the assignee. */
  joined?: { id: string; name: string }[];
  last_seq: number;
  visitor_read_seq: number;
  agent_read_seq: number;
  last_message: Pick<Message, 'seq' | 'kind' | 'text' | 'from' | 'created_at'> | null;
  /** Since when the visitor has no answer. */
  unanswered_since?: string | null;
  /** Until when it is set aside. */
  snoozed_until?: string;
  /** An agent wants to come back to it. */
  marked_unread?: boolean;
  queued_at: string | null;
  created_at: string;
  updated_at: string;
  resolved_at: string | null;
  rating: Rating | null;
  /** Ids of its tags. */
  tags?: string[];
}

export interface Agent {
  id: string;
  name: string;
  email: string;
  role: AgentRole;
  status: AgentStatus;
  /** Why it is busy or away: a word of `GET /agents/break-reasons`. */
  status_reason?: string;
  status_since?: string;
  capacity: number;
  load: number;
  disabled: boolean;
  /** Names of `GET /permissions`. */
  permissions: string[];
  custom_role_id?: string | null;
  teams: string[];
  /** What it knows, and how well: 1 to 5. */
  skills: Record<string, number>;
  /** The largest file that is taken; only of the agent that asks who it is. */
  upload_bytes_max?: number;
}

export interface Inbox {
  id: string;
  key: string;
  name: string;
  greeting: string;
  origins: string[];
  identity_required: boolean;
  /** Team, hours, targets, forms and what happens in silence. */
  settings: Record<string, unknown>;
  created_at: string;
}

/** What an inbox wants to know of conversations that end. */
export interface WrapUp {
  required: boolean;
  /** A slash leads to what is within. */
  categories: string[];
}

export interface Visitor {
  id: string;
  /** Who it is; the same as `id` until somebody merges it. */
  customer_id: string;
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
  /** Some of them, where the inbox shows its team. */
  team?: { id: string; name: string }[];
  /** By the inbox's opening hours. */
  open: boolean;
  opens_at?: string | null;
  /** A rehearsal: nothing that is said here reaches anybody outside. */
  shadow: boolean;
  /** The inbox's own look: `#rrggbb`, and the side of the page. */
  colour?: string;
  side?: 'left' | 'right';
  /** Questions before the first message, four at most. */
  pre_chat?: FormField[];
  upload_bytes_max?: number;
  /** How long visitors waited of late for the first answer; absent while little is known. */
  reply_ms?: number;
  /** Who answers first. */
  bot?: { name: string } | null;
  /** There are published articles to search. */
  articles?: boolean;
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
  /** `masked`: words were replaced, read the message again. */
  warning?: 'sensitive_words' | 'masked';
}

export interface ErrorFrame {
  type: 'error';
  code: string;
  message: string;
  /** What is to blame, when something is. */
  field?: string;
  client_id?: string;
  conversation_id?: string;
  retry_after_ms?: number;
}

export type ConversationChange =
  | EventCode
  | 'updated'
  | 'offered'
  | 'offer_missed'
  | 'overdue'
  | 'mentioned';

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
  | { type: 'presence'; from: Person; status: AgentStatus; reason?: string; since?: string }
  | { type: 'watching'; scope: string; id?: string; last_seq?: number }
  | { type: 'restart'; retry_after_ms?: number }
  | { type: 'pong' };

export interface SendFrame {
  type: 'send';
  client_id: string;
  conversation_id: string;
  kind: MessageKind;
  text: string;
  data?: Record<string, unknown>;
  quote_seq?: number;
}

export type ClientFrame =
  | SendFrame
  | { type: 'resume'; epoch: Epoch; positions: Position[] }
  | { type: 'typing'; conversation_id: string; on: boolean }
  | { type: 'read'; conversation_id: string; seq: number }
  | { type: 'watch' | 'unwatch'; scope: 'conversation' | 'team' | 'all'; id?: string }
  | { type: 'ping' };

/** How many conversations the lists have; what has `limit` may have more. */
export interface ConversationCounts {
  mine: number;
  waiting: number;
  /** For who sees all conversations. */
  bot?: number;
  all: number;
  limit: number;
}

/** What waits and runs at one place right now. */
export interface LiveCounts {
  waiting: number;
  /** For how long the first of them has waited. */
  longest_wait_s?: number | null;
  open: number;
  pending: number;
}

export interface AgentNow {
  id: string;
  name: string;
  status: AgentStatus;
  load: number;
  capacity: number;
}

export interface QueueNow {
  inbox_id?: string | null;
  /** Null for what is for anybody. */
  team_id?: string | null;
  counts: LiveCounts;
}

/** The answer of `GET /reports/now`. */
export interface ReportNow {
  at: string;
  total: LiveCounts;
  queues: QueueNow[];
  agents: AgentNow[];
}

export interface Durations {
  count: number;
  mean_s: number | null;
  p50_s: number | null;
  p90_s: number | null;
  max_s: number | null;
}

export interface Met {
  met: number;
  of: number;
  share: number | null;
}

export interface Ratings {
  count: number;
  invited: number;
  mean: number | null;
  /** How many of each score, 1 first. */
  scores: number[];
  satisfied: number | null;
  participation: number | null;
}

export interface Figures {
  opened: number;
  handled: number;
  missed: number;
  abandoned: number;
  resolved: number;
  resolved_by_clock: number;
  transfers: number;
  messages_in: number;
  messages_out: number;
  messages_bot: number;
  queue_wait: Durations;
  first_response: Durations;
  response: Durations;
  handling: Durations;
  ratings: Ratings;
  waiting_target: Met;
  first_response_target: Met;
}

export type Grouping = 'hour' | 'day' | 'agent' | 'team' | 'inbox' | 'tag';

export interface ReportRow {
  begins_at?: string | null;
  id: string | null;
  name: string | null;
  figures: Figures;
}

/** The answer of `GET /reports`. */
export interface Report {
  from: string;
  /** Not part of it. */
  to: string;
  zone: string;
  by: Grouping;
  total: Figures;
  /** Those that something was counted for. */
  rows: ReportRow[];
}

export interface AuditLine {
  /** 1, 2, 3 … */
  number: number;
  at: string;
  actor_kind: string;
  actor_id: string | null;
  address: string | null;
  action: string;
  target_kind: string | null;
  target_id: string | null;
  detail: Record<string, unknown>;
  /** The chain's hash after this line. */
  hash: string;
}

/** The answer of `GET /audit/verify`. */
export interface AuditVerdict {
  whole: boolean;
  lines: number;
  head: string;
  broken_at?: number | null;
}
/** A reply that is written once, with its variables. */
export interface CannedReply {
  id: string;
  /** All agents have it; otherwise the caller alone. */
  shared: boolean;
  folder: string;
  shortcut: string;
  title: string;
  text: string;
  uses: number;
  created_at: string;
  updated_at: string;
}

export interface Tag {
  id: string;
  name: string;
  /** `#rrggbb`. */
  colour: string;
  group: string;
  created_at: string;
}

export interface Team {
  id: string;
  name: string;
  settings: Record<string, unknown>;
  created_at: string;
}

/** A page that a visitor looked at. */
export interface PageVisit {
  at: string;
  url: string;
  title: string;
  referrer: string;
}

/** A stretch of a text, in UTF-16 code units. */
export type Highlight = readonly [begin: number, end: number];

/** A text of the knowledge base in which something was found. */
export interface FoundArticle {
  article_id: string;
  slug: string;
  language: string;
  title: string;
  title_highlights: Highlight[];
  snippet: { text: string; highlights: Highlight[]; cut_before: boolean; cut_after: boolean };
}

/** What a visitor leaves while nobody is there. */
export interface OfflineMessage {
  client_id: string;
  name?: string;
  email?: string;
  phone?: string;
  text: string;
}
