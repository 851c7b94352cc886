/* What the settings are made of, as REST tells them. */
import type { FormField, WrapUp } from '../../protocol/types';

export const DAYS = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
] as const;
export type DayName = (typeof DAYS)[number];

/** `09:00-18:00`; an end that is not later than the beginning is on the next day. */
export type Span = string;

export interface SpecialDay {
  date: string;
  until?: string;
  name: string;
  /** Closed when empty. */
  open: Span[];
}

export interface Hours {
  time_zone: string;
  week: Record<DayName, Span[]>;
  special_days: SpecialDay[];
}

export interface BotRule {
  keywords: string[];
  exact?: boolean;
  reply: string;
}

export interface Bot {
  /** Unless it is switched off. */
  enabled?: boolean;
  name: string;
  greeting?: string;
  rules?: BotRule[];
  articles?: boolean;
  handover_words?: string[];
  handover_after?: number;
  fallback?: string;
  timeout_ms?: number;
}

export const KEPT = ['messages', 'files', 'tickets', 'pages'] as const;
export type Kept = (typeof KEPT)[number];

export interface WidgetLook {
  colour?: string;
  side?: 'left' | 'right';
  pre_chat?: FormField[];
  team_shown?: boolean;
}

export interface InboxSettings {
  team_id?: string;
  skills?: string[];
  hours?: Hours;
  waiting_target_s?: number;
  first_response_target_s?: number;
  idle_warn_s?: number;
  idle_close_s?: number;
  silence?: 'visitor' | 'anybody';
  help_hidden?: boolean;
  retention?: Partial<Record<`${Kept}_days`, number>>;
  bot?: Bot;
  widget?: WidgetLook;
  wrap_up?: Partial<WrapUp>;
}

export interface Inbox {
  id: string;
  key: string;
  name: string;
  greeting: string;
  origins: string[];
  identity_required: boolean;
  settings: InboxSettings;
  created_at: string;
  /** Goes into each change. */
  version: number;
}

export type Strategy = 'least_busy' | 'round_robin' | 'skill';

export interface TeamSettings {
  strategy?: Strategy;
  sticky?: { window_s: number; wait_s?: number };
  overflow?: { after_s: number; team_id: string };
  accept_timeout_s?: number;
  max_queue?: number;
  relax_after_s?: number;
}

export interface Team {
  id: string;
  name: string;
  settings: TeamSettings;
  created_at: string;
  /** Goes into each change. */
  version: number;
}

export interface Permission {
  permission: string;
  en: string;
  zh: string;
}

export interface Role {
  id: string;
  name: string;
  permissions: string[];
  created_at: string;
}

export interface AgentSession {
  id: string;
  created_at: string;
  last_seen_at: string;
  user_agent: string;
  address: string;
  current: boolean;
}

export interface ApiKey {
  id: string;
  name: string;
  owner_id?: string | null;
  scopes: string[];
  networks: string[];
  created_at: string;
  expires_at?: string | null;
  last_used_at?: string | null;
}

export interface CannedReply {
  id: string;
  shared: boolean;
  folder: string;
  shortcut: string;
  title: string;
  text: string;
  uses: number;
}

export interface Tag {
  id: string;
  name: string;
  colour: string;
  group: string;
}

export interface Block {
  id: string;
  visitor_id?: string | null;
  customer_id?: string | null;
  address?: string | null;
  reason: string;
  made_by: string;
  made_at: string;
  expires_at?: string | null;
}

export interface Retention {
  inbox_id: string;
  kind: Kept;
  days?: number | null;
  due: number;
}

export interface ShadowCall {
  number: number;
  at: string;
  kind: string;
  target: string;
  summary: string;
}
