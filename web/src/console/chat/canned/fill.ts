import type { Agent, Conversation, Visitor } from '../../../protocol/types';

export interface Fillings {
  agent: Agent;
  conversation: Conversation;
  /** Attributes are known once it is loaded. */
  visitor: Visitor | null;
}

export interface FilledPiece {
  text: string;
  /** It stands where a variable stood. */
  filled: boolean;
  /** The variable has no value and no fallback. */
  missing: boolean;
}

const VARIABLE = /\{\{\s*([^{}|]+?)\s*(?:\|([^{}]*))?\}\}/g;

/** How a reply will look, without counting as a use of it; the server fills in what is really sent. */
export function filled(text: string, fillings: Fillings): FilledPiece[] {
  const pieces: FilledPiece[] = [];
  let end = 0;
  const plain = (until: number) => {
    if (until > end) {
      pieces.push({ text: text.slice(end, until), filled: false, missing: false });
    }
  };
  for (const match of text.matchAll(VARIABLE)) {
    plain(match.index);
    const value = valueOf(match[1]!, fillings) || (match[2]?.trim() ?? '');
    pieces.push({ text: value || match[1]!, filled: true, missing: value === '' });
    end = match.index + match[0].length;
  }
  plain(text.length);
  return pieces;
}

const ATTRIBUTE = 'visitor.attributes.';

function valueOf(name: string, { agent, conversation, visitor }: Fillings): string {
  switch (name) {
    case 'visitor.name':
      return conversation.visitor.name;
    case 'agent.name':
      return agent.name;
    case 'conversation.id':
      return conversation.id;
    case 'inbox.name':
      return conversation.inbox.name;
  }
  if (!name.startsWith(ATTRIBUTE)) return '';
  const value = visitor?.attributes[name.slice(ATTRIBUTE.length)];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
