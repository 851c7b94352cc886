/** A stretch of text; with `href` it is a link. */
export interface Piece {
  text: string;
  href?: string;
}

// Ends at white space, quotes, brackets of either script, and at marks that turn the reading direction.
export const LINK =
  /https?:\/\/[^\s<>"`，。；：！？、（）《》【】「」『』“”‘’\u200e\u200f\u202a-\u202e\u2066-\u2069]+/giu;
const TRAILING = /[.,;:!?'*_~)\]}]$/u;
const CLOSERS: Record<string, string> = { ')': '(', ']': '[', '}': '{' };

/** Splits text at its http and https links. What is no link stays text, and nothing is lost. */
export function autolink(text: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const { text: found, href } = linkOf(match[0]);
    if (href === undefined) continue;
    if (match.index > end) pieces.push({ text: text.slice(end, match.index) });
    pieces.push({ text: found, href });
    end = match.index + found.length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end) });
  return pieces;
}

/** What of a match of `LINK` is the link, if it may be one. */
export function linkOf(match: string): Piece {
  const text = trim(match);
  const href = safeHref(text);
  return href === null ? { text } : { text, href };
}

/** Takes off what ends the sentence rather than the link; a bracket stays when it was opened inside. */
function trim(candidate: string): string {
  let found = candidate;
  while (TRAILING.test(found)) {
    const last = found[found.length - 1]!;
    const opener = CLOSERS[last];
    if (opener && count(found, opener) >= count(found, last)) break;
    found = found.slice(0, -1);
  }
  return found;
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

/** The address as a link may have it; null for everything but plain addresses of the web. */
export function safeHref(candidate: string): string | null {
  let url: URL;
  try {
    url = new URL(candidate);
  } catch {
    return null;
  }
  const web = url.protocol === 'http:' || url.protocol === 'https:';
  // "https://bank.example@evil.example" shows one host and goes to another.
  return web && url.username === '' && url.password === '' ? url.href : null;
}
