import type { Ticket } from '../../protocol/people';

export type DueState = 'none' | 'later' | 'soon' | 'over';

const SOON_MS = 4 * 3_600_000;

/** How a ticket stands against the time by which it should be solved. */
export function dueState({ status, due_at }: Ticket, now: number): DueState {
  if (!due_at || status === 'solved' || status === 'closed') return 'none';
  const left = Date.parse(due_at) - now;
  if (left < 0) return 'over';
  return left < SOON_MS ? 'soon' : 'later';
}

/** What a `datetime-local` field shows for a moment. */
export function toField(iso: string | null | undefined): string {
  if (!iso) return '';
  const at = new Date(iso);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** The moment that such a field names; null while it names none. */
export function fromField(text: string): string | null {
  const at = new Date(text);
  return text === '' || Number.isNaN(at.getTime()) ? null : at.toISOString();
}
