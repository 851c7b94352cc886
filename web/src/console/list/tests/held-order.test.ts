import { describe, expect, it } from 'vitest';
import { HeldOrder } from '../held-order';

describe('a held order', () => {
  it('is the live one until it is held', () => {
    const order = new HeldOrder();
    expect(order.of(['a', 'b'])).toEqual({ ids: ['a', 'b'], fresh: 0 });
  });

  it('moves nothing and counts what is new above', () => {
    const order = new HeldOrder();
    order.hold(['a', 'b', 'c']);
    expect(order.of(['x', 'c', 'y', 'a'])).toEqual({ ids: ['a', 'b', 'c'], fresh: 2 });
  });

  it('takes what is loaded below', () => {
    const order = new HeldOrder();
    order.hold(['a', 'b']);
    expect(order.of(['x', 'b', 'a', 'd', 'e'])).toEqual({ ids: ['a', 'b', 'd', 'e'], fresh: 1 });
    expect(order.of(['x', 'b', 'a', 'd', 'e', 'f']).ids).toEqual(['a', 'b', 'd', 'e', 'f']);
  });

  it('shows everything once it is renewed, and goes on holding', () => {
    const order = new HeldOrder();
    order.hold(['a']);
    order.renew(['x', 'a']);
    expect(order.of(['y', 'x', 'a'])).toEqual({ ids: ['x', 'a'], fresh: 1 });
    order.release();
    expect(order.of(['y', 'x', 'a'])).toEqual({ ids: ['y', 'x', 'a'], fresh: 0 });
  });
});
