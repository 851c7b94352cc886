import type { CannedReply } from '../../../protocol/types';
import { characters, indexIn, scatteredIn } from '../search/fuzzy';

const TEXT_SEARCHED_CHARS = 400;

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
  return typed.length > 1 && (scatteredIn(typed, shortcut) || scatteredIn(typed, title)) ? 1 : 0;
}

function byUse(a: CannedReply, b: CannedReply): number {
  return b.uses - a.uses || a.title.localeCompare(b.title);
}
