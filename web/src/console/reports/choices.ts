import { route, pageHref } from '../router';
import { type Choice, choiceOf, queryOf } from './choice';

export function currentChoice(): Choice {
  return choiceOf(route.value.query);
}

/** The address that shows the same to whoever opens it. */
export function linkTo(choice: Choice): string {
  return new URL(pageHref('reports', [], queryOf(choice)), location.href).href;
}

/** Changes what is chosen; the address follows, without a step back for each filter. */
export function choose(patch: Partial<Choice>): void {
  location.replace(pageHref('reports', [], queryOf({ ...currentChoice(), ...patch })));
}
