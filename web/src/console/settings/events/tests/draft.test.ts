import { expect, it } from 'vitest';
import { bodyOf, draftOf, headersOf, wrongHeader } from '../draft';
import type { Subscription } from '../shapes';

const HOOK: Subscription = {
  id: '1',
  name: 'Sales',
  topics: ['chat.rated'],
  inboxes: [],
  kind: 'webhook',
  url: 'https://crm.example/hook',
  headers: { 'X-Team': 'sales: north' },
  has_secret: true,
  is_enabled: true,
  disabled_reason: null,
  failing_since: null,
  waiting: 0,
  dead: 0,
  version: 3,
};

it('says of a subscription what its kind has', () => {
  const hook = draftOf(HOOK);
  expect(bodyOf(hook)).toEqual({
    name: 'Sales',
    topics: ['chat.rated'],
    inboxes: [],
    is_enabled: true,
    url: HOOK.url,
    headers: HOOK.headers,
  });
  const action = bodyOf({ ...hook, kind: 'action', deed: 'tag', tags: ['t1'], agent: 'a1' });
  expect(action).toMatchObject({ action: { do: 'tag', tags: ['t1'] } });
  expect(action).not.toHaveProperty('url');
  expect(bodyOf({ ...hook, kind: 'action', deed: 'assign', team: 't2' })).toMatchObject({
    action: { do: 'assign', team_id: 't2' },
  });
  expect(bodyOf({ ...hook, kind: 'topic', topic: ' sales ' })).toMatchObject({ topic: 'sales' });
});

it('reads headers line by line', () => {
  expect(headersOf('X-A: 1\n\nAuthorization:Bearer  x \n')).toEqual({
    'X-A': '1',
    Authorization: 'Bearer  x',
  });
  expect(wrongHeader('X-A: 1\n\nno header')).toBe(3);
  expect(wrongHeader('X A: 1')).toBe(1);
  expect(wrongHeader('')).toBeNull();
});
