import type { Agent, Conversation } from '../../../protocol/types';

export const agent = (role: Agent['role']): Agent => ({
  id: 'me',
  name: 'Me',
  email: '',
  role,
  status: 'online',
  capacity: 5,
  load: 0,
  disabled: false,
  permissions: role === 'agent' ? ['chat'] : ['chat', 'conversations.all'],
  teams: [],
  skills: {},
});

export const conversation = (over: Partial<Conversation> = {}): Conversation => ({
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
