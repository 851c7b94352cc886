import { initialsOf } from './initials';

/** What is typed is compared with letters as they are, and with Chinese by its sound, too. */
function same(typed: string, character: string): boolean {
  return typed === character || initialsOf(character).includes(typed);
}

/** Without case and blanks, by code point. */
export function characters(text: string): string[] {
  return [...text.toLowerCase()].filter((each) => each.trim() !== '');
}

/** Where `typed` stands in `text` in one piece, or -1. */
export function indexIn(typed: readonly string[], text: readonly string[]): number {
  for (let at = 0; at + typed.length <= text.length; at++) {
    if (typed.every((each, offset) => same(each, text[at + offset]!))) return at;
  }
  return -1;
}

/** Whether all of `typed` comes in `text` in this order, whatever is between. */
export function scatteredIn(typed: readonly string[], text: readonly string[]): boolean {
  let at = 0;
  for (const character of text) {
    if (at < typed.length && same(typed[at]!, character)) at++;
  }
  return at === typed.length;
}

/** Whether a query stands anywhere in a text; an empty one stands in all. */
export function finds(query: string, text: string): boolean {
  return indexIn(characters(query), characters(text)) >= 0;
}
