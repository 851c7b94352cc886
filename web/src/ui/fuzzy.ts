const START = 8;
const FOLLOWS = 5;
const HIT = 1;

/** How well `query` fits `text`, all its letters in order; null when it does not. Higher is better. */
export function fuzzyScore(query: string, text: string): number | null {
  const wanted = plain(query);
  const given = plain(text);
  if (wanted === '') return 0;
  const whole = given.indexOf(wanted);
  if (whole >= 0) return 100 + (isStart(given, whole) ? START : 0) - given.length / 100;
  let [score, at, last] = [0, 0, -2];
  for (const letter of wanted) {
    if (letter === ' ') continue;
    const found = given.indexOf(letter, at);
    if (found < 0) return null;
    score += isStart(given, found) ? START : found === last + 1 ? FOLLOWS : HIT;
    last = found;
    at = found + letter.length;
  }
  return score - given.length / 100;
}

function plain(text: string): string {
  return text.normalize('NFKC').toLowerCase().trim();
}

function isStart(text: string, at: number): boolean {
  return at === 0 || /[\s/·:,(-]/.test(text[at - 1]!);
}
