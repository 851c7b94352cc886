import type { CardData, VisitorIdentity } from '../protocol/types';

/** What the host page keeps for the visitor, one record per inbox. */
export interface Kept {
  token?: string | undefined;
  visitor_id?: string | undefined;
  conversation_id?: string | undefined;
  /** What the server was told of the visitor, so that it is not told again on every page. */
  told?: string | undefined;
  /** The last `seq` that the visitor has seen, and how many answers came after it. */
  seen?: number;
  unread?: number;
  /** Chosen by the visitor. */
  locale?: string;
  /** The inbox's own look, so that the next page paints it without asking. */
  colour?: string | undefined;
  side?: 'left' | 'right' | undefined;
}

/** What the host page says of itself and its visitor. */
export interface Options {
  inbox?: string | undefined;
  locale?: string | undefined;
  colour?: string | undefined;
  side?: 'left' | 'right' | undefined;
  /** False, or `none` as an attribute: the site has a button of its own. */
  launcher?: boolean | 'none' | undefined;
  visitor?: VisitorIdentity | undefined;
}

/** The page that the visitor looks at. */
export interface Page {
  url: string;
  title: string;
  referrer: string;
}

/** The first message, sent to the frame's exact origin together with a port for all others. */
export interface Init {
  type: 'kefu:init';
  inbox: string;
  kept: Kept;
  options: Options;
  panel: Panel;
}

/** What the panel is to the page around it. */
export interface Panel {
  on: boolean;
  modal: boolean;
  page: Page;
}

export type ToFrame =
  | { type: 'panel'; panel: Panel }
  | { type: 'options'; options: Options }
  | { type: 'text'; text: string }
  | { type: 'card'; card: CardData };

export type ToHost =
  | { type: 'ready' }
  | { type: 'keep'; patch: Kept }
  | { type: 'unread'; count: number }
  | { type: 'event'; name: WidgetEvent; detail?: unknown }
  | { type: 'close' }
  /** Wider, or as wide as usual. */
  | { type: 'wide'; on: boolean }
  /** This tab has the connection, so that no other needs one for its badge. */
  | { type: 'lead' }
  /** The visitor has become another one: load the frame anew. */
  | { type: 'restart' };

/** What the host page may listen for, beside what the loader knows itself. */
export type WidgetEvent =
  | 'message'
  | 'conversation-started'
  | 'conversation-ended'
  | 'rated'
  | 'error';
