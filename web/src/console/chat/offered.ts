import type { Conversation } from '../../protocol/types';
import type { Desk } from '../desk';

export type Offered = Conversation & { offer: NonNullable<Conversation['offer']> };

/** What this agent is asked to take, the most urgent first. */
export function offersTo(desk: Desk): Offered[] {
  const me = desk.me.value.id;
  const mine = (each: Conversation): each is Offered =>
    each.state === 'queued' && each.offer?.agent.id === me;
  const offers: Offered[] = [];
  for (const each of desk.known.values()) if (mine(each)) offers.push(each);
  return offers.sort((a, b) => Date.parse(a.offer.until) - Date.parse(b.offer.until));
}
