import { expect, it } from 'vitest';
import { bodyOf, draftOf, jsonProblem, variablesOf, wrongVariable } from '../draft';

it('makes of a card what it was', () => {
  const card = {
    title: { en: 'Account', 'zh-CN': '账号' },
    inboxes: ['i1'],
    query: '{ user { name } }',
    variables: { id: 'visitor.external_id' },
    view: { kind: 'fields' as const, at: 'user', rows: [] },
    is_enabled: false,
    position: 20,
  };
  expect(bodyOf(draftOf(card))).toEqual(card);
  expect(bodyOf(draftOf({ ...card, title: card.title }))).not.toHaveProperty('version');
});

it('reads variables line by line', () => {
  expect(variablesOf('id = visitor.id\n$q=conversation.last_text\n\n')).toEqual({
    id: 'visitor.id',
    q: 'conversation.last_text',
  });
  expect(wrongVariable('id = visitor.id\nid: visitor.id')).toBe(2);
  expect(wrongVariable('1d = x')).toBe(1);
  expect(wrongVariable(' \n')).toBeNull();
});

it('says why a view is no JSON', () => {
  expect(jsonProblem('{"kind": }')).toMatch(/JSON/);
  expect(jsonProblem('{}')).toBeNull();
});
