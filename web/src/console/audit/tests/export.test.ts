import { expect, it } from 'vitest';
import type { AgentApi } from '../../../protocol/agent-api';
import type { AuditLine } from '../../../protocol/types';
import { ACTIONS } from '../actions';
import { exportLines, row } from '../export';
import { texts } from '../../../i18n/audit';

const LINE: AuditLine = {
  number: 2,
  at: '2026-11-28T10:00:00.000Z',
  actor_kind: 'agent',
  actor_id: 'a1',
  address: '::1',
  action: 'agent.changed',
  target_kind: 'agent',
  target_id: 'a2',
  detail: { role: 'admin', name: 'says "hi", once' },
  hash: '9c0f',
};

it('writes what spreadsheets read as one text', () => {
  expect(row(['a', 1, null, 'b "c", d', { e: 1 }])).toBe('a,1,,"b ""c"", d","{""e"":1}"\r\n');
  expect(row(['=1+1', -5])).toBe("'=1+1,-5\r\n");
});

it('reads all pages and says how far it is', async () => {
  const asked: unknown[] = [];
  const api = {
    get: (_: string, query: { cursor?: string }) => {
      asked.push(query.cursor);
      const first = query.cursor === undefined;
      return Promise.resolve({
        items: [{ ...LINE, number: first ? 2 : 1 }],
        has_more: first,
        next_cursor: first ? 'next' : null,
      });
    },
  } as unknown as AgentApi;
  const told: number[] = [];
  const signal = new AbortController().signal;
  const { parts, lines, isCut } = await exportLines(api, {}, signal, (count) => told.push(count));
  expect(asked).toEqual([undefined, 'next']);
  expect(told).toEqual([1, 2]);
  expect([lines, isCut]).toEqual([2, false]);
  expect(parts.join('').split('\r\n').slice(0, 2)).toEqual([
    'number,at,actor_kind,actor_id,address,action,target_kind,target_id,detail,hash',
    '2,2026-11-28T10:00:00.000Z,agent,a1,::1,agent.changed,agent,a2,' +
      '"{""role"":""admin"",""name"":""says \\""hi\\"", once""}",9c0f',
  ]);
});

it('has a text for every action that is known', () => {
  for (const action of Object.values(ACTIONS).flat()) {
    expect(texts.en, action).toHaveProperty(`action_${action.replace('.', '_')}`);
  }
});
