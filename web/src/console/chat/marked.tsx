import type { ComponentChild } from 'preact';
import type { Highlight } from '../../protocol/types';

interface MarkedProps {
  text: string;
  /** Rising, and apart. */
  ranges: readonly Highlight[];
}

/** A text with what was found in it marked. */
export function Marked({ text, ranges }: MarkedProps) {
  const pieces: ComponentChild[] = [];
  let end = 0;
  for (const [from, to] of ranges) {
    if (from > end) pieces.push(text.slice(end, from));
    pieces.push(<mark key={from}>{text.slice(from, to)}</mark>);
    end = to;
  }
  pieces.push(text.slice(end));
  return <span>{pieces}</span>;
}
