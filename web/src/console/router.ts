import { signal } from '@preact/signals';
import type { View } from '../protocol/types';
import { isView } from './views';

export interface Route {
  view: View;
  conversation: string | null;
  /** The token of a set-up link; "" when the link has none. */
  setup: string | null;
}

export const route = signal<Route>(parse(location.hash));
window.addEventListener('hashchange', () => {
  route.value = parse(location.hash);
});

export function parse(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const [first, second] = path.split('/');
  return {
    view: isView(first) ? first : 'mine',
    conversation: second ? decodeURIComponent(second) : null,
    setup: first === 'setup' ? (new URLSearchParams(query).get('token') ?? '') : null,
  };
}

export function href(view: View, conversation: string | null = null): string {
  return conversation ? `#/${view}/${encodeURIComponent(conversation)}` : `#/${view}`;
}

export function go(view: View, conversation: string | null = null): void {
  location.hash = href(view, conversation);
}
