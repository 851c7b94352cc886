import { render } from 'preact';
import { beforeAll, expect, it, vi } from 'vitest';
import { fakeDocument, FakeNode } from '../../../ui/tests/fake-dom';
import { PageLink } from '../trail';

beforeAll(() => {
  vi.stubGlobal('document', fakeDocument);
});

function linkTo(url: string): FakeNode | undefined {
  const root = new FakeNode(1, 'root');
  const page = { at: '', url, title: '<b>Cart</b>', referrer: '' };
  render(<PageLink page={page} />, root as unknown as Parameters<typeof render>[1]);
  expect(root.textContent).toContain('<b>Cart</b>');
  return root.elements().find((element) => element.localName === 'a');
}

it('leads to a page without telling it where from', () => {
  const link = linkTo('https://shop.example/cart');
  expect(link?.attributes.get('href')).toBe('https://shop.example/cart');
  expect(link?.attributes.get('rel')).toBe('noreferrer noopener');
});

it.each(['javascript:alert(1)', 'data:text/html,x', ' https://shop.example', '***'])(
  'only shows what is no address of a page: %s',
  (url) => {
    expect(linkTo(url)).toBeUndefined();
  },
);
