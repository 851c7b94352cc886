import { expect, it } from 'vitest';
import { autolink } from '../autolink';

const links = (text: string) => autolink(text).flatMap((piece) => piece.href ?? []);

it('finds http and https links and loses no text', () => {
  const text = 'see https://shop.example/a?b=1#c and http://x.example';
  expect(links(text)).toEqual(['https://shop.example/a?b=1#c', 'http://x.example/']);
  expect(
    autolink(text)
      .map((piece) => piece.text)
      .join(''),
  ).toBe(text);
});

it('leaves out what ends the sentence', () => {
  expect(links('(https://a.example/x).')).toEqual(['https://a.example/x']);
  expect(links('https://a.example/x_(y)')).toEqual(['https://a.example/x_(y)']);
  expect(links('看这里：https://a.example/x，谢谢')).toEqual(['https://a.example/x']);
  expect(links('（https://a.example/退货）')).toEqual(['https://a.example/%E9%80%80%E8%B4%A7']);
});

it.each([
  'javascript:alert(1)',
  'JAVASCRIPT:alert(1)//https:',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:x',
  'file:///etc/passwd',
  'ftp://a.example/x',
  'mailto:a@b.example',
  '//evil.example',
  'https://',
  'https://bank.example@evil.example/',
  'https://user:pass@evil.example/',
])('makes no link of %s', (text) => {
  expect(links(text)).toEqual([]);
  expect(
    autolink(text)
      .map((piece) => piece.text)
      .join(''),
  ).toBe(text);
});

it('a link ends at marks that turn the reading direction, at quotes and at markup', () => {
  expect(links('https://a.example/\u202egpj.exe')).toEqual(['https://a.example/']);
  expect(links('https://a.example/"onmouseover="x')).toEqual(['https://a.example/']);
  expect(links('<a href=https://a.example/>x')).toEqual(['https://a.example/']);
});
