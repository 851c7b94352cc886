import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { memberNames } from '../member-names.mjs';

const names = await memberNames();

it('shortens members to names of their own', () => {
  expect(names).toHaveProperty('requestSession');
  const short = Object.values(names);
  expect(new Set(short).size).toBe(short.length);
});

it.each(['protocol/types.ts', 'widget/bridge.ts', 'widget/shims/kefu.ts', 'i18n/en/widget.ts'])(
  'spares everything that %s says',
  async (path) => {
    const text = await readFile(new URL(`../../src/${path}`, import.meta.url), 'utf8');
    for (const [word] of text.matchAll(/\w+/g)) expect(names).not.toHaveProperty(word);
  },
);

it('spares what tabs tell each other, what is stored, and what a later chunk exports', () => {
  for (const name of ['limitedUntil', 'history', 'client_id', 'order', 'sendFiles', 'eventText']) {
    expect(names).not.toHaveProperty(name);
  }
});
