/* What Markdown says. There is no node for HTML: it is text. */

export type Inline =
  | { kind: 'text' | 'code'; text: string }
  | { kind: 'break' }
  | { kind: 'strong' | 'em' | 'del'; children: Inline[] }
  /** Without an address it leads nowhere. */
  | { kind: 'link'; href: string | null; children: Inline[] };

export type Align = 'start' | 'center' | 'end' | null;

export type Block<I = Inline[]> =
  | { kind: 'paragraph'; content: I }
  | { kind: 'heading'; level: 2 | 3 | 4 | 5 | 6; content: I }
  | { kind: 'code'; text: string }
  | { kind: 'rule' }
  | { kind: 'quote'; children: Block<I>[] }
  /** In a tight list the paragraphs of items stand without room around them. */
  | { kind: 'list'; start: number | null; tight: boolean; items: Block<I>[][] }
  | { kind: 'table'; align: Align[]; head: I[]; rows: I[][] };

/** Addresses by the folded name of `[name]: address`. */
export type References = ReadonlyMap<string, string>;

/** An address that may be followed: of the web or of mail. */
export function safeAddress(address: string): string | null {
  return /^(https?:\/\/|mailto:)[^\u0000-\u0020]/i.test(address) ? address : null;
}
