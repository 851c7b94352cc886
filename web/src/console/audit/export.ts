import type { AgentApi } from '../../protocol/agent-api';
import type { AuditLine, Page } from '../../protocol/types';

const PAGE = 500;
/** What a browser holds without trouble; `kefu serve audit export` has no end. */
export const LINES_MAX = 100_000;

const COLUMNS = [
  'number',
  'at',
  'actor_kind',
  'actor_id',
  'address',
  'action',
  'target_kind',
  'target_id',
  'detail',
  'hash',
] as const satisfies readonly (keyof AuditLine)[];

export interface Exported {
  /** Rows of a CSV, a few hundred in each. */
  parts: string[];
  lines: number;
  /** There were more than are taken. */
  isCut: boolean;
}

/** All lines that match, as a CSV; `told` hears how many there are so far. */
export async function exportLines(
  api: AgentApi,
  query: Record<string, string | undefined>,
  signal: AbortSignal,
  told: (lines: number) => void,
): Promise<Exported> {
  const parts = [row([...COLUMNS])];
  let lines = 0;
  let cursor: string | undefined;
  for (;;) {
    const page: Page<AuditLine> = await api.get<Page<AuditLine>>(
      'audit',
      { ...query, cursor, limit: PAGE },
      { signal },
    );
    parts.push(page.items.map((line) => row(COLUMNS.map((name) => line[name]))).join(''));
    lines += page.items.length;
    told(lines);
    cursor = page.next_cursor ?? undefined;
    if (!page.has_more || lines >= LINES_MAX) return { parts, lines, isCut: page.has_more };
  }
}

export function row(cells: readonly unknown[]): string {
  return `${cells.map(cell).join(',')}\r\n`;
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  // What spreadsheets would take for a formula is only text.
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}
