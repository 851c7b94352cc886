export interface DiffLine {
  kind: 'same' | 'added' | 'removed';
  text: string;
}

/** Lines that both say, and how many of them are not shown. */
export type DiffRow = DiffLine | { kind: 'skipped'; count: number };

/** Beyond so many pairs of lines, what differs is shown as replaced altogether. */
const PAIRS_MAX = 4_000_000;
const CONTEXT = 2;

/** What makes the new text of the old one, line by line. */
export function diffLines(before: string, after: string): DiffLine[] {
  const [old, fresh] = [before.split('\n'), after.split('\n')];
  let start = 0;
  while (start < old.length && start < fresh.length && old[start] === fresh[start]) start += 1;
  let end = 0;
  while (
    end < old.length - start &&
    end < fresh.length - start &&
    old[old.length - 1 - end] === fresh[fresh.length - 1 - end]
  ) {
    end += 1;
  }
  const lines = (kind: DiffLine['kind'], texts: readonly string[]): DiffLine[] =>
    texts.map((text) => ({ kind, text }));
  const [left, right] = [
    old.slice(start, old.length - end),
    fresh.slice(start, fresh.length - end),
  ];
  return [
    ...lines('same', old.slice(0, start)),
    ...(left.length * right.length > PAIRS_MAX
      ? [...lines('removed', left), ...lines('added', right)]
      : middle(left, right)),
    ...lines('same', old.slice(old.length - end)),
  ];
}

/** By the longest common subsequence. */
function middle(old: readonly string[], fresh: readonly string[]): DiffLine[] {
  const width = fresh.length + 1;
  const common = new Uint32Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = fresh.length - 1; j >= 0; j -= 1) {
      common[i * width + j] =
        old[i] === fresh[j]
          ? common[(i + 1) * width + j + 1]! + 1
          : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
    }
  }
  const out: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < old.length || j < fresh.length) {
    if (i < old.length && j < fresh.length && old[i] === fresh[j]) {
      out.push({ kind: 'same', text: old[i]! });
      i += 1;
      j += 1;
    } else if (
      j === fresh.length ||
      (i < old.length && common[(i + 1) * width + j]! >= common[i * width + j + 1]!)
    ) {
      out.push({ kind: 'removed', text: old[i]! });
      i += 1;
    } else {
      out.push({ kind: 'added', text: fresh[j]! });
      j += 1;
    }
  }
  return out;
}

/** Leaves out what is far from every change. */
export function folded(lines: readonly DiffLine[]): DiffRow[] {
  const near = new Set<number>();
  lines.forEach((line, index) => {
    if (line.kind === 'same') return;
    for (let at = index - CONTEXT; at <= index + CONTEXT; at += 1) near.add(at);
  });
  const rows: DiffRow[] = [];
  lines.forEach((line, index) => {
    const last = rows[rows.length - 1];
    if (near.has(index)) rows.push(line);
    else if (last?.kind === 'skipped') last.count += 1;
    else rows.push({ kind: 'skipped', count: 1 });
  });
  return rows;
}
