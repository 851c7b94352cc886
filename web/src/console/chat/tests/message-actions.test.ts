import { describe, expect, it } from 'vitest';
import type { Agent, Conversation, Message } from '../../../protocol/types';
import { mayEdit, mayRecall } from '../message-actions';
import { standingOf } from '../standing';

const NOW = Date.parse('2026-11-28T10:00:00.000Z');
const lin = { id: 'lin', permissions: ['chat'] } as unknown as Agent;
const boss = { id: 'boss', permissions: ['chat', 'conversations.all'] } as unknown as Agent;

function message(agoMinutes: number, change: Partial<Message> = {}): Message {
  return {
    conversation_id: 'c1',
    seq: 1,
    prev_seq: 0,
    id: 'i1',
    client_id: 'm1',
    from: { kind: 'agent', id: 'lin', name: 'Lin' },
    kind: 'text',
    text: 'hello',
    created_at: new Date(NOW - agoMinutes * 60_000).toISOString(),
    ...change,
  };
}

describe('what may be done with a message', () => {
  it('changes within 15 minutes, by who wrote it', () => {
    expect(mayEdit(message(14), lin, NOW)).toBe(true);
    expect(mayEdit(message(16), lin, NOW)).toBe(false);
    expect(mayEdit(message(1), boss, NOW)).toBe(false);
    expect(mayEdit(message(1, { kind: 'image' }), lin, NOW)).toBe(false);
    expect(mayEdit(message(1, { revision: 'recalled' }), lin, NOW)).toBe(false);
  });

  it('is taken back within 2 minutes, by who sees all at any time', () => {
    expect(mayRecall(message(1), lin, NOW)).toBe(true);
    expect(mayRecall(message(3), lin, NOW)).toBe(false);
    expect(mayRecall(message(600), boss, NOW)).toBe(true);
    const asked = { kind: 'visitor', id: 'v1', name: '' } as const;
    expect(mayRecall(message(1, { from: asked }), boss, NOW)).toBe(false);
    expect(mayRecall(message(1, { revision: 'recalled' }), boss, NOW)).toBe(false);
  });
});

describe('standing', () => {
  const conversation = (change: Partial<Conversation>) =>
    ({ state: 'open', assignee: { id: 'lin', name: 'Lin' }, ...change }) as Conversation;

  it('tells whose it is', () => {
    expect(standingOf(conversation({}), lin)).toMatchObject({ mine: true, manages: true });
    expect(standingOf(conversation({}), boss)).toMatchObject({ mine: false, manages: true });
    const joined = [{ id: 'boss', name: 'Boss' }];
    expect(standingOf(conversation({ joined }), boss).joined).toBe(true);
  });

  it('knows the bot', () => {
    expect(standingOf(conversation({ assignee: null }), lin)).toMatchObject({
      withBot: true,
      handled: false,
      manages: false,
    });
  });
});
