import { describe, expect, it } from 'vitest';
import { type Command, edit } from '../editing';

/** The selection stands between `‹` and `›`. */
function done(command: Command, marked: string): string {
  const from = marked.indexOf('‹');
  const to = marked.indexOf('›') - 1;
  const text = marked.replace(/[‹›]/g, '');
  const change = edit(command, text, from, to);
  const changed = text.slice(0, change.from) + change.text + text.slice(change.to);
  const { selectFrom, selectTo } = change;
  return `${changed.slice(0, selectFrom)}‹${changed.slice(selectFrom, selectTo)}›${changed.slice(selectTo)}`;
}

describe('the toolbar', () => {
  it.each<[Command, string, string]>([
    ['bold', 'a ‹b› c', 'a **‹b›** c'],
    ['bold', 'a **‹b›** c', 'a ‹b› c'],
    ['italic', '‹›', '*‹›*'],
    ['code', '‹x›', '`‹x›`'],
    ['code', '‹x\ny›', '```\nx\ny\n```\n‹›'],
    ['link', '‹shop›', '[shop](‹https://›)'],
    ['link', '‹https://a.example›', '[‹›](https://a.example)'],
    ['heading', 'a\nb‹›c', 'a\n## bc‹›'],
    ['heading', '## b‹›c', 'bc‹›'],
    ['bullets', '‹a\nb›', '‹- a\n- b›'],
    ['bullets', '‹- a\n- b›', '‹a\nb›'],
    ['numbers', '‹a\nb›', '‹1. a\n2. b›'],
    ['quote', 'x‹›', '> x‹›'],
    ['table', 'a‹›', 'a\n\n| A | B |\n|---|---|\n|   |   |\n‹›'],
  ])('%s on %s', (command, before, after) => {
    expect(done(command, before)).toBe(after);
  });
});
