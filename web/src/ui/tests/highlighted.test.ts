import { expect, it } from 'vitest';
import { piecesOf } from '../highlighted';

const shown = (text: string, ...ranges: [number, number][]) =>
  piecesOf(text, ranges)
    .map((piece) => (piece.isHit ? `[${piece.text}]` : piece.text))
    .join('');

it.each<[string, string, [number, number][]]>([
  ['no hit', 'no hit', []],
  ['[退款]多久到账', '退款多久到账', [[0, 2]]],
  ['a [b] c [d]', 'a b c d', [[6, 7], [2, 3]]],
  // An emoji takes two units.
  ['😀 [hi]', '😀 hi', [[3, 5]]],
  ['[ab][c]d', 'abcd', [[0, 2], [1, 3]]],
  ['ab[c]', 'abc', [[2, 90]]],
  ['abc', 'abc', [[5, 9]]],
])('%s', (expected, text, ranges) => {
  expect(shown(text, ...ranges)).toBe(expected);
});
