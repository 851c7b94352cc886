import { describe, expect, it } from 'vitest';
import { diffLines, folded } from '../diff';

const marks = { same: ' ', added: '+', removed: '-' } as const;
const shown = (before: string, after: string) =>
  diffLines(before, after).map(({ kind, text }) => `${marks[kind]}${text}`);

describe('a diff', () => {
  it('shows what came and what went', () => {
    expect(shown('a\nb\nc', 'a\nx\nc')).toEqual([' a', '-b', '+x', ' c']);
    expect(shown('a', 'a\nb')).toEqual([' a', '+b']);
    expect(shown('a\nb\nc\nd', 'b\nd\ne')).toEqual(['-a', ' b', '-c', ' d', '+e']);
    expect(shown('same', 'same')).toEqual([' same']);
  });

  it('leads from the one text to the other', () => {
    const texts = ['', 'a\nb', 'b\na\nb', 'a\n\nb\nc\n', 'c\nb\na'];
    for (const before of texts) {
      for (const after of texts) {
        const lines = diffLines(before, after);
        const side = (gone: string) =>
          lines
            .filter(({ kind }) => kind !== gone)
            .map(({ text }) => text)
            .join('\n');
        expect(side('added')).toBe(before);
        expect(side('removed')).toBe(after);
      }
    }
  });

  it('is done with texts that have nothing in common', () => {
    const many = (word: string) =>
      Array.from({ length: 5_000 }, (_, n) => `${word}${n}`).join('\n');
    expect(diffLines(many('a'), many('b'))).toHaveLength(10_000);
  });

  it('leaves out what is far from a change', () => {
    const before = Array.from({ length: 20 }, (_, n) => String(n)).join('\n');
    const rows = folded(diffLines(before, before.replace('10', 'ten')));
    expect(rows[0]).toEqual({ kind: 'skipped', count: 8 });
    expect(rows).toHaveLength(8);
  });
});
