import { pageHref, route } from '../router';
import { type LiveFilter, STANDINGS } from './live';

const NAMES = ['text', 'standing', 'agent', 'team', 'inbox'] as const;

export function currentFilter(): LiveFilter {
  const { query } = route.value;
  const text = (name: string) => query.get(name) ?? '';
  return {
    text: text('text'),
    standing: STANDINGS.find((each) => each === text('standing')) ?? '',
    agent: text('agent'),
    team: text('team'),
    inbox: text('inbox'),
  };
}

/** The conversation that is looked into. */
export function watchedId(): string | null {
  return route.value.path[0] || null;
}

export function teamHref(id: string | null, filter = currentFilter()): string {
  const query: Record<string, string> = {};
  for (const name of NAMES) if (filter[name]) query[name] = filter[name];
  return pageHref('team', id === null ? [] : [id], query);
}

/** The address follows, without a step back for each filter. */
export function filterBy(patch: Partial<LiveFilter>): void {
  location.replace(teamHref(watchedId(), { ...currentFilter(), ...patch }));
}
