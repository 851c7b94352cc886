import { expect, it } from 'vitest';
import { BACKOFF_BASE_MS, BACKOFF_CEILING_MS, backoff } from '../backoff';
import { eventParser } from '../stream';
import { uuid } from '../uuid';

it('backoff stays between zero and a ceiling that doubles up to 30 s', () => {
  for (let attempt = 0; attempt < 60; attempt++) {
    const ceiling = Math.min(BACKOFF_CEILING_MS, BACKOFF_BASE_MS * 2 ** attempt);
    expect(backoff(attempt, () => 0)).toBe(0);
    expect(backoff(attempt, () => 1)).toBe(ceiling);
    const drawn = backoff(attempt, Math.random);
    expect(drawn).toBeGreaterThanOrEqual(0);
    expect(drawn).toBeLessThanOrEqual(ceiling);
  }
});

it('an event stream reads the same however it is cut', () => {
  const stream =
    'data: {"a":1}\n\n: ping\n\ndata: x\r\ndata:y\r\n\r\nevent: close\ndata: {"code":4008}\n\n';
  const expected = [
    ['message', '{"a":1}'],
    ['message', 'x\ny'],
    ['close', '{"code":4008}'],
  ];
  for (let size = 1; size <= stream.length; size++) {
    const found: [string, string][] = [];
    const parse = eventParser((name, data) => found.push([name, data]));
    for (let at = 0; at < stream.length; at += size) parse(stream.slice(at, at + size));
    expect(found).toEqual(expected);
  }
});

it('ids are random UUIDs', () => {
  const ids = new Set(Array.from({ length: 200 }, uuid));
  expect(ids.size).toBe(200);
  for (const id of ids) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
});
