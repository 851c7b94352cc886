import type { CannedReply } from '../../../protocol/types';
import { initialsOf } from './initials';

const TEXT_SEARCHED_CHARS = 400;

/** What is typed is compared with letters as they are and with Chinese by sound. */
function same(typed: string, character: string): boolean {
  return typed === character || initialsOf(character).includes(typed);
}

/** Where `typed` stands in `text` in one piece, or -1. */
export function indexIn(typed: readonly string[], text: readonly string[]): number {
  for (let at = 0; at + typed.length <= text.length; at++) {
    if (typed.every((each, offset) => same(each, text[at + offset]!))) return at;
  }
  return -1;
}

/** Whether all of `typed` comes in `text` in this order, whatever is between. */
function scattered(typed: readonly string[], text: readonly string[]): boolean {
  let at = 0;
  for (const character of text) {
    if (at < typed.length && same(typed[at]!, character)) at++;
  }
  return at === typed.length;
}

/** The better a reply fits, the higher; 0 when it does not. */
function score(typed: readonly string[], reply: CannedReply): number {
  const shortcut = characters(reply.shortcut);
  const title = characters(reply.title);
  const inShortcut = indexIn(typed, shortcut);
  if (inShortcut === 0) return shortcut.length === typed.length ? 7 : 6;
  const inTitle = indexIn(typed, title);
  if (inTitle === 0) return 5;
  if (inShortcut > 0 || inTitle > 0) return 4;
  if (indexIn(typed, characters(reply.folder)) >= 0) return 3;
  if (indexIn(typed, characters(reply.text).slice(0, TEXT_SEARCHED_CHARS)) >= 0) return 2;
  return typed.length > 1 && (scattered(typed, shortcut) || scattered(typed, title)) ? 1 : 0;
}

function characters(text: string): string[] {
  return [...text.toLowerCase()].filter((each) => each.trim() !== '');
}

/** The replies that fit what is typed, the best first; among equals the more used. */
export function matching(query: string, replies: readonly CannedReply[]): CannedReply[] {
  const typed = characters(query);
  if (typed.length === 0) return [...replies].sort(byUse);
  return replies
    .map((reply) => ({ reply, score: score(typed, reply) }))
    .filter((each) => each.score > 0)
    .sort((a, b) => b.score - a.score || byUse(a.reply, b.reply))
    .map((each) => each.reply);
}

function byUse(a: CannedReply, b: CannedReply): number {
  return b.uses - a.uses || a.title.localeCompare(b.title);
}
