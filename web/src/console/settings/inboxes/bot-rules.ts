/* How the server's bot reads a message (crates/core/src/bot.rs), so that rules can be tried before they are saved. */
import type { Bot } from '../shapes';

const USUAL_WORDS = [
  '人工',
  '转人工',
  '人工客服',
  '真人',
  'agent',
  'human',
  'operator',
  'representative',
];
const READ_CHARS = 2_000;
const UNSPACED = /[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\u{20000}-\u{3ffff}]/u;
const IN_WORD = /[\p{Alphabetic}\p{N}]/u;
const GAP = /[\p{White_Space}\u200b-\u200d\ufeff]/u;

export type BotAnswer =
  | { kind: 'person'; word: string }
  | { kind: 'rule'; index: number; reply: string }
  | { kind: 'none' };

/** What the bot does about a message, as far as its rules say. */
export function answerTo(bot: Bot, text: string): BotAnswer {
  const lines = [...text].slice(0, READ_CHARS).join('').split(/\r?\n/).map(fold);
  const word = [...(bot.handover_words ?? []), ...USUAL_WORDS].find((each) =>
    holds(lines, fold(each)),
  );
  if (word !== undefined) return { kind: 'person', word };
  const rules = bot.rules ?? [];
  const index = rules.findIndex((rule) =>
    rule.keywords.some((keyword) => {
      const wanted = fold(keyword);
      return rule.exact ? lines.some((line) => bare(line) === bare(wanted)) : holds(lines, wanted);
    }),
  );
  return index === -1 ? { kind: 'none' } : { kind: 'rule', index, reply: rules[index]!.reply };
}

/** Without regard to case, width and spacing. */
export function fold(text: string): string {
  let out = '';
  let last = '';
  let gap = false;
  for (const each of text) {
    const code = each.codePointAt(0)!;
    const narrow = code >= 0xff01 && code <= 0xff5e ? String.fromCodePoint(code - 0xfee0) : each;
    if (GAP.test(narrow)) {
      gap = true;
      continue;
    }
    // Beside a character that is written without spaces, a space says nothing.
    if (gap && last !== '' && !UNSPACED.test(last) && !UNSPACED.test(narrow)) out += ' ';
    gap = false;
    out += narrow.toLowerCase();
    last = narrow;
  }
  return out;
}

/** Something is left of it once it is folded, and it is not too long. */
export function isWord(word: string): boolean {
  return [...word].length <= 60 && bare(fold(word)) !== '';
}

/** Whether a line holds this word: as a whole, where words are written apart. */
function holds(lines: readonly string[], word: string): boolean {
  if (word === '') return false;
  const first = [...word][0]!;
  const last = [...word].pop()!;
  return lines.some((line) => {
    for (let at = line.indexOf(word); at !== -1; at = line.indexOf(word, at + word.length)) {
      const before = [...line.slice(0, at)].pop();
      const after = [...line.slice(at + word.length)][0];
      if (!joins(before, first) && !joins(last, after)) return true;
    }
    return false;
  });
}

function joins(left: string | undefined, right: string | undefined): boolean {
  return isOfWord(left) && isOfWord(right);
}

function isOfWord(each: string | undefined): boolean {
  return each !== undefined && IN_WORD.test(each) && !UNSPACED.test(each);
}

/** A folded line without what only surrounds it. */
function bare(line: string): string {
  const characters = [...line];
  const isIn = (each: string) => IN_WORD.test(each);
  const start = characters.findIndex(isIn);
  return start === -1 ? '' : characters.slice(start, characters.findLastIndex(isIn) + 1).join('');
}
