import type { QueryCard } from '../../../protocol/cards';
import { lazyPart } from '../../lazy';
import type { CardProps } from '../cards';

/** A configured card, loaded where there is one. */
export const QueryCardPart = lazyPart<CardProps & { card: QueryCard }>(
  () => import('./query-card'),
);
