import { describe, expect, it } from 'vitest';
import type { AgentApi } from '../../../protocol/agent-api';
import { ChannelState, type ConversationChannel, troubled, windowOf } from '../channel';

const NOW = Date.parse('2026-11-29T02:00:00Z');
const CHANNEL: ConversationChannel = {
  channel: { id: 'c1', name: '微信', enabled: true, edits: false, recalls: false },
  sends: [],
};

describe('the window of a chat service', () => {
  it('is open for ever where the service has no limit', () => {
    expect(windowOf(CHANNEL, NOW)).toEqual({ kind: 'open', until: null, left: null });
  });

  it('is over past its time, whatever is left', () => {
    const state = { ...CHANNEL, reply_until: '2026-11-29T01:59:59Z', replies_left: 3 };
    expect(windowOf(state, NOW)).toEqual({ kind: 'over', until: '2026-11-29T01:59:59Z' });
  });

  it('is used up when nothing is left', () => {
    const state = { ...CHANNEL, reply_until: '2026-11-29T03:00:00Z', replies_left: 0 };
    expect(windowOf(state, NOW).kind).toBe('used');
    const open = windowOf({ ...state, replies_left: 1 }, NOW);
    expect(open).toEqual({ kind: 'open', until: '2026-11-29T03:00:00Z', left: 1 });
  });
});

describe('what did not arrive', () => {
  it('is the last that failed, before one that is still tried', () => {
    const sends = [
      { seq: 3, state: 'failed', tries: 1, error: 'no' },
      { seq: 5, state: 'failed', tries: 1, error: 'no again' },
      { seq: 7, state: 'waiting', tries: 2, error: 'later' },
    ] as const;
    expect(troubled({ ...CHANNEL, sends })?.seq).toBe(5);
    expect(troubled({ ...CHANNEL, sends: sends.slice(2) })?.seq).toBe(7);
    expect(troubled({ ...CHANNEL, sends: [{ seq: 9, state: 'waiting', tries: 0 }] })).toBeNull();
  });

  it('is also what the customer sees as it was, until that is known', () => {
    const sends = [
      { seq: 3, state: 'outdated', tries: 1, error: 'too old' },
      { seq: 5, state: 'changing', tries: 1, error: 'later' },
    ] as const;
    const state = { ...CHANNEL, sends };
    expect(troubled(state)?.seq).toBe(3);
    expect(troubled(state, new Set([3]))?.seq).toBe(5);
    expect(troubled({ ...CHANNEL, sends: [{ seq: 5, state: 'changing', tries: 0 }] })).toBeNull();
  });

  it('is sent again, and looked at', async () => {
    const asked: string[] = [];
    const api = {
      get: (path: string) => {
        asked.push(path);
        return Promise.resolve({ ...CHANNEL, sends: [{ seq: 5, state: 'waiting', tries: 0 }] });
      },
      post: (path: string) => Promise.resolve(void asked.push(path)),
    } as unknown as AgentApi;
    const state = new ChannelState(api, 'x');
    expect(state.isWaiting).toBe(false);
    await state.sendAgain(5);
    expect(asked).toEqual(['conversations/x/messages/5/send-again', 'conversations/x/channel']);
    expect(state.isWaiting).toBe(true);
  });
});
