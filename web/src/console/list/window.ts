/** Up to so many rows all of them are in the page, where the browser's own search finds them. */
export const WINDOW_FROM = 100;
const OVERSCAN = 10;

export interface RowWindow {
  readonly start: number;
  readonly end: number;
}

/** Which of `count` rows have to be there, and some around them. */
export function windowOf(
  count: number,
  rowHeight: number,
  scrollTop: number,
  height: number,
): RowWindow {
  if (count <= WINDOW_FROM) return { start: 0, end: count };
  const first = Math.floor(scrollTop / rowHeight);
  const shown = Math.ceil(height / rowHeight);
  const start = Math.max(0, Math.min(first - OVERSCAN, count - shown));
  return { start, end: Math.min(count, first + shown + OVERSCAN) };
}

/** Where to scroll to so that a row is in sight; null when it is. */
export function scrollTo(
  index: number,
  rowHeight: number,
  scrollTop: number,
  height: number,
): number | null {
  const top = index * rowHeight;
  if (top < scrollTop) return top;
  if (top + rowHeight > scrollTop + height) return top + rowHeight - height;
  return null;
}
