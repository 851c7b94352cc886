import { signal } from '@preact/signals';
import type { View } from '../protocol/types';
import { isView } from './list/views';

export interface Route {
  /** Name of a page of `pages.tsx`; null is the desk: list, conversation, details. */
  page: string | null;
  /** What follows the page's name. */
  path: readonly string[];
  query: URLSearchParams;
  view: View;
  conversation: string | null;
  /** The token of a set-up link; "" when the link has none. */
  setup: string | null;
}

export const route = signal<Route>(parse(location.hash));

/** Asked before an address is followed; true holds whoever wants to leave. */
export type Guard = (hash: string) => boolean;

let guard: Guard | null = null;

window.addEventListener('hashchange', ({ oldURL }) => {
  if (guard?.(location.hash)) history.pushState(null, '', oldURL);
  else route.value = parse(location.hash);
});

/** Sets the guard of what is shown; returns how to take it away. */
export function setGuard(next: Guard): () => void {
  guard = next;
  return () => {
    if (guard === next) guard = null;
  };
}

/** Goes to an address without asking. */
export function follow(hash: string): void {
  history.pushState(null, '', hash === '' ? '#' : hash);
  route.value = parse(hash);
}

export function parse(hash: string): Route {
  const [whole = '', search = ''] = hash.replace(/^#\/?/, '').split('?');
  const [first = '', ...path] = whole.split('/').map(decoded);
  const query = new URLSearchParams(search);
  const view = isView(first) ? first : 'mine';
  const setup = first === 'setup' ? (query.get('token') ?? '') : null;
  const page = first === '' || isView(first) || setup !== null ? null : first;
  const conversation = page === null && setup === null ? path[0] || null : null;
  return { page, path, query, view, conversation, setup };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function href(view: View, conversation: string | null = null): string {
  return conversation ? `#/${view}/${encodeURIComponent(conversation)}` : `#/${view}`;
}

export function go(view: View, conversation: string | null = null): void {
  location.hash = href(view, conversation);
  // The event comes later; whoever presses the next key before it means what is to be shown.
  route.value = parse(location.hash);
}

/** The address of a page, with what follows its name: `pageHref('reports', ['agents'], { by: 'day' })`. */
export function pageHref(
  page: string,
  path: readonly string[] = [],
  query: Record<string, string> = {},
): string {
  const whole = [page, ...path].map(encodeURIComponent).join('/');
  const search = new URLSearchParams(query).toString();
  return `#/${whole}${search === '' ? '' : `?${search}`}`;
}
