import { expect, it } from 'vitest';
import type { Agent, ConversationState, Message } from '../../../protocol/types';
import {
  belongs,
  comparison,
  isUnread,
  newer,
  type Sort,
  unansweredAfter,
  VIEWS,
} from '../views';
import { agent, conversation } from './people';

const mine = { id: 'me', name: 'Me' };
const other = { id: 'x', name: 'X' };

it.each<[ConversationState, typeof mine | null, Agent['role'], string]>([
  ['queued', null, 'agent', 'waiting all'],
  ['open', mine, 'agent', 'mine all'],
  ['pending', mine, 'agent', 'mine all'],
  ['resolved', mine, 'agent', 'ended'],
  ['open', other, 'agent', ''],
  ['open', other, 'supervisor', 'all'],
  ['open', null, 'supervisor', 'bot all'],
  ['open', null, 'agent', ''],
  ['resolved', other, 'agent', ''],
  ['resolved', other, 'admin', 'ended'],
  ['new', null, 'admin', ''],
])('%s of %o is for an %s in: %s', (state, assignee, role, views) => {
  const each = conversation({ state, assignee });
  expect(VIEWS.filter((view) => belongs(view, each, agent(role))).join(' ')).toBe(views);
});

it('what waits for a team is there for its members, for whom it is offered to, and for who sees all', () => {
  const team = { id: 'refunds', name: 'Refunds' };
  const waiting = conversation({ state: 'queued', team });
  expect(belongs('waiting', waiting, agent('agent'))).toBe(false);
  expect(belongs('waiting', waiting, { ...agent('agent'), teams: ['refunds'] })).toBe(true);
  expect(belongs('waiting', waiting, agent('supervisor'))).toBe(true);
  const offered = { ...waiting, offer: { agent: mine, until: '2026-01-01' } };
  expect(belongs('waiting', offered, agent('agent'))).toBe(true);
});

const said = (kind: 'visitor' | 'agent', created_at: string) =>
  ({ seq: 1, kind: 'text', text: '', from: { kind, id: 'x', name: '' }, created_at }) as const;

it.each<[Sort, string]>([
  ['latest', 'answered late early'],
  ['unanswered', 'early late answered'],
  ['arrival', 'late answered early'],
])('in the order "%s": %s', (sort, expected) => {
  const each = [
    conversation({
      id: 'early',
      created_at: '2026-01-03',
      updated_at: '2026-01-04',
      last_message: said('visitor', '2026-01-04'),
      unanswered_since: '2026-01-03',
    }),
    conversation({
      id: 'late',
      created_at: '2026-01-01',
      updated_at: '2026-01-05',
      last_message: said('visitor', '2026-01-05'),
      unanswered_since: '2026-01-04',
    }),
    conversation({
      id: 'answered',
      created_at: '2026-01-02',
      updated_at: '2026-01-06',
      last_message: said('agent', '2026-01-06'),
    }),
  ];
  const ids = (view: 'mine' | 'waiting') =>
    [...each].sort(comparison(view, sort)).map(({ id }) => id).join(' ');
  expect(ids('mine')).toBe(expected);
  expect(ids('waiting')).toBe('late answered early');
});

it('an answer that was overtaken by a frame does not turn the clock back', () => {
  const held = conversation({
    state: 'resolved',
    updated_at: '2026-01-02',
    last_seq: 9,
    agent_read_seq: 4,
  });
  const late = conversation({
    state: 'open',
    updated_at: '2026-01-01',
    last_seq: 8,
    agent_read_seq: 6,
  });
  expect(newer(held, late)).toMatchObject({ state: 'resolved', last_seq: 9, agent_read_seq: 6 });
});

it('is unread when the other side spoke last', () => {
  const from = (kind: 'visitor' | 'agent') =>
    conversation({
      last_seq: 3,
      agent_read_seq: 2,
      last_message: {
        seq: 3,
        kind: 'text',
        text: '',
        from: { kind, id: 'x', name: '' },
        created_at: '',
      },
    });
  expect(isUnread(from('visitor'))).toBe(true);
  expect(isUnread(from('agent'))).toBe(false);
  expect(isUnread({ ...from('visitor'), agent_read_seq: 3 })).toBe(false);
  expect(isUnread({ ...from('agent'), marked_unread: true })).toBe(true);
});

it.each([
  ['visitor', 'text', null, 'now'],
  ['visitor', 'text', 'before', 'before'],
  ['agent', 'note', 'before', 'before'],
  ['system', 'text', 'before', 'before'],
  ['visitor', 'event', null, null],
  ['agent', 'text', 'before', null],
  ['bot', 'text', 'before', null],
] as const)('after a %s wrote a %s, who waited since %s waits since %s', (kind, what, since, then) => {
  const message = { kind: what, from: { kind, id: null, name: '' }, created_at: 'now' };
  const held = conversation({ unanswered_since: since });
  expect(unansweredAfter(held, message as unknown as Message)).toBe(then);
});
