import { pageHref, route } from '../router';
import { isDay } from '../reports/range';

/** What is looked for; the address holds it. */
export interface AuditFilter {
  actor: string;
  target: string;
  /** An action, or the beginning of some with a dot at its end. */
  action: string;
  /** Days of this browser's zone; both are part of it. */
  from: string;
  to: string;
}

const NAMES = ['actor', 'target', 'action', 'from', 'to'] as const;
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function filterOf(query: URLSearchParams): AuditFilter {
  const text = (name: string) => query.get(name) ?? '';
  const day = (name: string) => (isDay(text(name)) ? text(name) : '');
  return {
    actor: text('actor'),
    target: text('target').trim(),
    action: text('action'),
    from: day('from'),
    to: day('to'),
  };
}

export function currentFilter(): AuditFilter {
  return filterOf(route.value.query);
}

export function filterBy(patch: Partial<AuditFilter>): void {
  const filter = { ...currentFilter(), ...patch };
  const query: Record<string, string> = {};
  for (const name of NAMES) if (filter[name]) query[name] = filter[name];
  location.replace(pageHref('audit', [], query));
}

export type AuditFault = 'target' | 'order';

/** What the server would refuse. */
export function faultOf({ target, from, to }: AuditFilter): AuditFault | null {
  if (target !== '' && !ID.test(target)) return 'target';
  return from !== '' && to !== '' && to < from ? 'order' : null;
}

/** The parameters of `GET /audit`. */
export function request(filter: AuditFilter): Record<string, string | undefined> {
  return {
    actor_id: filter.actor || undefined,
    target_id: filter.target || undefined,
    action: filter.action || undefined,
    after: filter.from === '' ? undefined : startOf(filter.from, 0),
    before: filter.to === '' ? undefined : startOf(filter.to, 1),
  };
}

/** When a day begins on the clocks here, or so many days later. */
function startOf(day: string, later: number): string {
  const [year, month, date] = day.split('-').map(Number) as [number, number, number];
  return new Date(year, month - 1, date + later).toISOString();
}
