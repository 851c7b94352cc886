/** What a sign in a text begins: the name of a colleague, of an emoji, or of a variable. */
export type Kind = 'mention' | 'emoji' | 'variable';

export interface Begun {
  kind: Kind;
  /** Where the sign stands, and the cursor. */
  from: number;
  to: number;
  /** What was typed after it, up to the cursor. */
  query: string;
}

/**
 * The sign, what may stand before it, and what follows. An address of e-mail has a word before its `@`; times, addresses of
 * pages and most colons are none of an emoji, which therefore stands alone and has begun with two letters or a Chinese one.
 */
const SIGNS: Readonly<Record<Kind, RegExp>> = {
  mention: /(?:^|[^\w.+-])(@)([^\s@]{0,30})$/u,
  emoji: /(?:^|[\s，。！？、；…])(:)([\p{L}\d_+-]{2,20}|\p{Script=Han})$/u,
  variable: /(\{\{\s*)([\p{L}\d_.]{0,60})$/u,
};
/** What is further away than this from the cursor has nothing to do with it. */
const LOOKED_AT = 80;

/** What has begun right before the cursor, of these kinds. */
export function begunAt(text: string, caret: number, kinds: readonly Kind[]): Begun | null {
  const before = text.slice(Math.max(0, caret - LOOKED_AT), caret);
  for (const kind of kinds) {
    const match = SIGNS[kind].exec(before);
    if (!match) continue;
    const [, sign, query] = match as unknown as [string, string, string];
    return { kind, from: caret - sign.length - query.length, to: caret, query };
  }
  return null;
}
