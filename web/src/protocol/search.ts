import type { Conversation, Message } from './types';

/** Start and end of what was found, the end not included, in UTF-16 code units. */
export type Highlight = readonly [number, number];

/** The piece of a message around what was found. */
export interface Snippet {
  text: string;
  highlights: Highlight[];
  cut_before: boolean;
  cut_after: boolean;
}

/** A message that a search found. */
export interface Hit {
  conversation: Conversation;
  message: Message;
  highlights: Highlight[];
  snippet: Snippet;
}

/** A customer as a list of those who were found needs it. */
export interface FoundCustomer {
  id: string;
  /** This and what follows may be empty, and masked. */
  name: string;
  email: string;
  phone: string;
}
