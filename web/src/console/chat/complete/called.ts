import type { Agent } from '../../../protocol/types';

/** As many as a note may call. */
const CALLED_MAX = 20;

/** Ids of those whom a text calls: by their whole names, and by the longer of two that both fit. */
export function calledIn(text: string, people: readonly Pick<Agent, 'id' | 'name'>[]): string[] {
  const called: string[] = [];
  let left = text;
  for (const { id, name } of [...people].sort((a, b) => b.name.length - a.name.length)) {
    const pieces = left.split(`@${name}`);
    const isWhole = (at: number) => !/[\w.+-]$/.test(pieces[at - 1]!) && !/^\w/.test(pieces[at]!);
    if (pieces.some((_, at) => at > 0 && isWhole(at)) && called.length < CALLED_MAX) {
      called.push(id);
      left = pieces.join(' ');
    }
  }
  return called;
}
