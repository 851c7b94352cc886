import type { ConversationState, VisitorIdentity } from '../protocol/types';

/** What the host page keeps for the visitor, one record per inbox. */
export interface Kept {
  token?: string | undefined;
  visitor_id?: string | undefined;
  conversation_id?: string | undefined;
  epoch?: string;
  /** What the server was told of the visitor, so that it is not told again on every page. */
  told?: string | undefined;
  /** The last `seq` that the visitor has seen. */
  seen?: number;
  locale?: string;
}

/** The first message, sent to the frame's exact origin together with a port for all others. */
export interface Init {
  type: 'kefu:init';
  inbox: string;
  kept: Kept;
  locale: string | null;
  colour: string | null;
  identity: VisitorIdentity | null;
}

export type ToFrame =
  | { type: 'visible'; on: boolean; modal: boolean }
  | { type: 'identify'; identity: VisitorIdentity };

export type ToHost =
  | { type: 'ready' }
  | { type: 'keep'; patch: Kept }
  | { type: 'unread'; count: number }
  | { type: 'message'; text: string; from: string }
  | { type: 'state'; state: ConversationState }
  | { type: 'rated'; score: number }
  | { type: 'close' }
  /** The visitor has become another one: load the frame anew. */
  | { type: 'restart' };
