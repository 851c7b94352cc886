import { signal } from '@preact/signals';
import { describe, expect, it } from 'vitest';
import type { WrapUp } from '../../../protocol/types';
import { overlay, subjects } from '../../shell/overlays';
import { asked, askEnding, grouped, missing, shortName } from '../ending';
import { conversation } from './people';

const WRAP_UP: WrapUp = { required: true, categories: ['Other', 'Orders/Damaged', 'Orders/Late'] };

/** A desk that knows two conversations of `web`, which asks, and one of `shop`, which does not. */
function desk() {
  const inbox = (id: string) => ({ id, key: id, name: id });
  const known = new Map(
    [conversation({ id: 'a', inbox: inbox('web') }), conversation({ id: 'b', inbox: inbox('web') }),
      conversation({ id: 'c', inbox: inbox('shop') })].map((each) => [each.id, each]),
  );
  return {
    known: { peek: (id: string) => known.get(id) },
    directory: { wrapUpOf: (id: string) => (id === 'web' ? WRAP_UP : null), inboxes: signal(new Map()) },
  } as unknown as Parameters<typeof askEnding>[0];
}

describe('the end of conversations', () => {
  it('asks once for many of one inbox, and hands on what is said', async () => {
    const answer = askEnding(desk(), ['a', 'b']);
    expect([overlay.peek(), subjects.peek()]).toEqual(['ending', ['a', 'b']]);
    const ending = { summary: { category: 'Other', solved: true }, note: '' };
    asked.peek()?.answer(ending);
    expect(await answer).toEqual(ending);
    expect(asked.peek()).toBeNull();
  });

  it('asks nothing where nothing is wanted, or of several inboxes', async () => {
    expect(await askEnding(desk(), ['c'])).toBeUndefined();
    expect(await askEnding(desk(), ['a', 'c'])).toBeUndefined();
    expect(await askEnding(desk(), ['unknown'])).toBeUndefined();
  });

  it('gives up a question for the next one', async () => {
    const first = askEnding(desk(), ['a']);
    void askEnding(desk(), ['b']);
    expect(await first).toBeNull();
    asked.peek()?.answer(null);
  });

  it('lacks what the inbox demands, and nothing elsewhere', () => {
    const said = (summary: { category?: string; solved?: boolean }) => ({ summary, note: '' });
    expect(missing(WRAP_UP, said({}))).toBe('category');
    expect(missing(WRAP_UP, said({ category: 'Other' }))).toBe('solved');
    expect(missing(WRAP_UP, said({ category: 'Other', solved: false }))).toBeNull();
    expect(missing({ required: true, categories: [] }, said({ solved: true }))).toBeNull();
    expect(missing({ ...WRAP_UP, required: false }, said({}))).toBeNull();
  });

  it('shows categories by what they are within', () => {
    expect([...grouped(WRAP_UP.categories)]).toEqual([
      ['', ['Other']],
      ['Orders', ['Orders/Damaged', 'Orders/Late']],
    ]);
    expect(shortName('Orders/Damaged', 'Orders')).toBe('Damaged');
    expect(shortName('Other', '')).toBe('Other');
  });
});
