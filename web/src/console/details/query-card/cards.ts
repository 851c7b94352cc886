import { signal } from '@preact/signals';
import { ApiError } from '../../../protocol/agent-api';
import type { QueryCard } from '../../../protocol/cards';
import type { Page } from '../../../protocol/types';
import type { Desk } from '../../desk';

const held = new WeakMap<Desk, QueryCards>();

/** The cards that the company has configured, asked for once. */
export class QueryCards {
  /** Those that are on, in their order; null until they are known. */
  readonly all = signal<readonly QueryCard[] | null>(null);
  private readonly desk: Desk;
  private asking = false;

  constructor(desk: Desk) {
    this.desk = desk;
  }

  async load(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    try {
      const { items } = await this.desk.api.get<Page<QueryCard>>('cards');
      this.all.value = items.filter(({ is_enabled }) => is_enabled);
    } catch (error) {
      // A server without the data layer has none. Whatever else went wrong is tried again with the next conversation.
      const isFinal = error instanceof ApiError && !error.transient;
      if (isFinal) this.all.value = [];
    }
    this.asking = false;
  }
}

export function queryCardsOf(desk: Desk): QueryCards {
  let cards = held.get(desk);
  if (!cards) {
    cards = new QueryCards(desk);
    held.set(desk, cards);
  }
  return cards;
}
