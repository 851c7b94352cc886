import { expect, it } from 'vitest';
import type { Agent, Conversation, ConversationState } from '../../../protocol/types';
import { belongs, isUnread, newer, ordered, VIEWS } from '../views';

const agent = (role: Agent['role']): Agent => ({
  id: 'me',
  name: 'Me',
  email: '',
  role,
  status: 'online',
  capacity: 5,
  load: 0,
  disabled: false,
  permissions: [],
  teams: [],
  skills: {},
});

const conversation = (over: Partial<Conversation> = {}): Conversation => ({
  id: 'c',
  inbox: { id: 'i', key: 'web', name: 'Web' },
  visitor: { id: 'v', name: '', verified: false },
  state: 'open',
  assignee: null,
  priority: 'normal',
  last_seq: 1,
  visitor_read_seq: 0,
  agent_read_seq: 0,
  last_message: null,
  queued_at: null,
  created_at: '2026-01-01T00:00:00.000Z',
  updated_at: '2026-01-01T00:00:00.000Z',
  resolved_at: null,
  rating: null,
  ...over,
});

const mine = { id: 'me', name: 'Me' };
const other = { id: 'x', name: 'X' };

it.each<[ConversationState, typeof mine | null, Agent['role'], string]>([
  ['queued', null, 'agent', 'waiting all'],
  ['open', mine, 'agent', 'mine all'],
  ['pending', mine, 'agent', 'mine all'],
  ['resolved', mine, 'agent', 'ended'],
  ['open', other, 'agent', ''],
  ['open', other, 'supervisor', 'all'],
  ['resolved', other, 'agent', ''],
  ['resolved', other, 'admin', 'ended'],
  ['new', null, 'admin', ''],
])('%s of %o is for an %s in: %s', (state, assignee, role, views) => {
  const each = conversation({ state, assignee });
  expect(VIEWS.filter((view) => belongs(view, each, agent(role))).join(' ')).toBe(views);
});

it('newest activity comes first, of those who wait the longest', () => {
  const early = conversation({ id: 'a', updated_at: '2026-01-01', queued_at: '2026-01-01' });
  const late = conversation({ id: 'b', updated_at: '2026-01-02', queued_at: '2026-01-02' });
  expect(ordered('all', [early, late]).map(({ id }) => id)).toEqual(['b', 'a']);
  expect(ordered('waiting', [late, early]).map(({ id }) => id)).toEqual(['a', 'b']);
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
});
