import { beforeEach, expect, it, vi } from 'vitest';
import { CardLayout } from '../card-layout';

const kept = new Map<string, string>();

beforeEach(() => {
  kept.clear();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
  });
});

it('keeps order and closed cards for each agent apart', () => {
  const layout = new CardLayout('a', ['x', 'y', 'z']);
  layout.move('z', 0);
  layout.toggle('y');
  const again = new CardLayout('a', ['x', 'y', 'z']);
  expect(again.order.value).toEqual(['z', 'x', 'y']);
  expect([...again.closed.value]).toEqual(['y']);
  expect(new CardLayout('b', ['x', 'y', 'z']).order.value).toEqual(['x', 'y', 'z']);
});

it('a card that is new goes after the one it follows, one that went is forgotten', () => {
  new CardLayout('a', ['x', 'gone', 'z']).move('z', 0);
  expect(new CardLayout('a', ['first', 'x', 'new', 'z']).order.value).toEqual([
    'first',
    'z',
    'x',
    'new',
  ]);
});

it('does not trust what it finds', () => {
  for (const text of ['nonsense', 'null', '{"order":7,"closed":[1]}']) {
    kept.set('kefu-details-a', text);
    expect(new CardLayout('a', ['x', 'y']).order.value).toEqual(['x', 'y']);
  }
});

it('stays within the column', () => {
  const layout = new CardLayout('a', ['x', 'y']);
  layout.move('x', 9);
  expect(layout.order.value).toEqual(['y', 'x']);
  layout.move('x', -1);
  expect(layout.order.value).toEqual(['x', 'y']);
});
