import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../api';
import { BACKOFF_CEILING_MS } from '../backoff';
import { CLOSE } from '../connection';
import { CONVERSATION, harness, message } from './fakes';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function online(lastSeq = 3) {
  const run = harness();
  run.client.setPosition(CONVERSATION, lastSeq);
  await run.client.start();
  run.connection.welcome(lastSeq);
  return run;
}

/** Lets the retry timer run out and what follows it happen. */
const retry = () => vi.advanceTimersByTimeAsync(1_000);

describe('positions', () => {
  it('resumes from what is held and hands on what follows', async () => {
    const run = await online(3);
    expect(run.connection.of('resume')).toEqual([
      { type: 'resume', epoch: 'e1', positions: [{ conversation_id: CONVERSATION, seq: 3 }] },
    ]);
    run.connection.say(message(4));
    run.connection.say(message(4));
    run.connection.say(message(5));
    expect(run.seqs()).toEqual([4, 5]);
  });

  it('a gap hands nothing on, reconnects and resumes', async () => {
    const run = await online(3);
    run.connection.say(message(4));
    run.connection.say(message(7));
    expect(run.seqs()).toEqual([4]);
    expect(run.connection.closed).toBe(true);
    await retry();
    expect(run.connections).toHaveLength(2);
    run.connection.greet(7);
    expect(run.connection.of('resume')[0]?.positions).toEqual([
      { conversation_id: CONVERSATION, seq: 4 },
    ]);
    for (const seq of [5, 6, 7]) run.connection.say(message(seq));
    run.connection.say({ type: 'resumed' });
    expect(run.seqs()).toEqual([4, 5, 6, 7]);
  });

  it('a hidden entry is no gap', async () => {
    const run = await online(3);
    run.connection.say(message(6, { prev_seq: 3 }));
    expect(run.seqs()).toEqual([6]);
    expect(run.connection.closed).toBe(false);
  });

  it('a conversation that is newly followed is fetched, not resumed', async () => {
    const run = await online(3);
    run.client.setPosition('other', 2);
    run.connection.say(message(5, { conversation_id: 'other' }));
    expect(run.told.behind).toEqual(['other']);
    expect(run.connection.closed).toBe(false);
    run.connection.say(message(6, { conversation_id: 'other' }));
    expect(run.seqs()).toEqual([5, 6]);
  });

  it('watches a scope again after a reconnect, until that is over', async () => {
    const run = await online(3);
    run.client.watchScope('team');
    expect(run.connection.of('watch')).toEqual([{ type: 'watch', scope: 'team' }]);
    // The id is that of a team: no position begins with it.
    run.connection.say({ type: 'watching', scope: 'team', id: 'team-1' });
    expect(run.client.position('team-1')).toBeUndefined();
    run.connection.end(CLOSE.abnormal);
    await retry();
    run.connection.welcome(3);
    expect(run.connection.of('watch')).toHaveLength(1);
    run.client.unwatchScope('team');
    expect(run.connection.of('unwatch')).toEqual([{ type: 'unwatch', scope: 'team' }]);
    run.connection.end(CLOSE.abnormal);
    await retry();
    run.connection.welcome(3);
    expect(run.connection.of('watch')).toEqual([]);
  });

  it('watches again after a reconnect and learns what was missed', async () => {
    const run = await online(3);
    run.client.setPosition('other', 2);
    run.client.watch('other');
    run.connection.end(CLOSE.slow);
    await retry();
    run.connection.welcome(3);
    expect(run.connection.of('watch')).toHaveLength(1);
    run.connection.say({ type: 'watching', scope: 'conversation', id: 'other', last_seq: 4 });
    expect(run.told.behind).toEqual(['other']);
  });

  it('what a left connection still says is not heard', async () => {
    const run = await online(3);
    const old = run.connection;
    old.end(CLOSE.abnormal);
    await retry();
    old.say(message(4));
    expect(run.seqs()).toEqual([]);
  });
});

describe('epoch', () => {
  it('a new one in hello forgets everything and prepares again', async () => {
    const prepare = vi.fn(() => Promise.resolve());
    const run = harness({ prepare });
    run.client.setPosition(CONVERSATION, 9);
    await run.client.start();
    run.connection.welcome(9);
    run.connection.end(CLOSE.restart);
    await retry();
    run.connection.greet(4, 'e2');
    expect(run.told.resets).toBe(1);
    expect(run.client.position(CONVERSATION)).toBeUndefined();
    await retry();
    expect(prepare).toHaveBeenCalledTimes(2);
    run.connection.welcome(4, 'e2');
    expect(run.connection.of('resume')).toEqual([{ type: 'resume', epoch: 'e2', positions: [] }]);
    expect(run.phase()).toBe('online');
  });

  it('a reset of one conversation leaves the others alone', async () => {
    const run = await online(3);
    run.connection.say({ type: 'reset', epoch: 'e1', conversation_id: CONVERSATION });
    expect(run.told.resets).toBe(0);
    expect(run.told.behind).toEqual([CONVERSATION]);
    expect(run.connection.closed).toBe(false);
  });
});

describe('liveness', () => {
  it('is dead after two pings that nothing followed', async () => {
    const run = await online();
    await vi.advanceTimersByTimeAsync(25_000);
    await vi.advanceTimersByTimeAsync(25_000);
    expect(run.connection.of('ping')).toHaveLength(2);
    expect(run.connection.closed).toBe(false);
    await vi.advanceTimersByTimeAsync(25_000);
    expect(run.connections[0]?.closed).toBe(true);
  });

  it('any frame is a sign of life', async () => {
    const run = await online();
    for (let beat = 0; beat < 6; beat++) {
      await vi.advanceTimersByTimeAsync(25_000);
      run.connection.say({ type: 'pong' });
    }
    expect(run.connections).toHaveLength(1);
    expect(run.connection.closed).toBe(false);
  });

  it('a page that wakes finds a half-open connection within seconds', async () => {
    const run = await online();
    run.client.wake();
    await vi.advanceTimersByTimeAsync(6_000);
    expect(run.connections[0]?.closed).toBe(true);
  });

  it('a server that never says hello is given up', async () => {
    const run = harness();
    await run.client.start();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(run.connections[0]?.closed).toBe(true);
    await retry();
    expect(run.connections.length).toBeGreaterThan(1);
  });
});

describe('reconnecting', () => {
  it('never gives up and never waits longer than the ceiling', async () => {
    const run = harness({ random: () => 1 });
    await run.client.start();
    for (let attempt = 0; attempt < 40; attempt++) {
      run.connection.end(CLOSE.abnormal);
      const next = run.connections.length + 1;
      const end = Date.now() + BACKOFF_CEILING_MS;
      while (run.connections.length < next && Date.now() < end)
        await vi.advanceTimersByTimeAsync(100);
      expect(run.connections).toHaveLength(next);
    }
  });

  it('waits as long as a restarting server says', async () => {
    const run = await online();
    run.connection.say({ type: 'restart', retry_after_ms: 7_000 });
    run.connection.end(CLOSE.restart);
    await vi.advanceTimersByTimeAsync(6_900);
    expect(run.connections).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(700);
    expect(run.connections).toHaveLength(2);
  });

  it('stops when the token or the person is refused', async () => {
    for (const code of [CLOSE.unauthorized, CLOSE.forbidden]) {
      const run = await online();
      run.connection.end(code);
      expect(run.phase()).toBe('stopped');
      run.client.wake();
      await vi.advanceTimersByTimeAsync(600_000);
      expect(run.connections).toHaveLength(1);
    }
  });

  it('a replaced connection waits until it is looked at', async () => {
    const run = await online();
    run.connection.end(CLOSE.replaced);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(run.connections).toHaveLength(1);
    run.client.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(run.connections).toHaveLength(2);
  });

  it('waking goes at once, unless the server asked for peace', async () => {
    const run = await online();
    run.connection.end(CLOSE.abnormal);
    run.client.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(run.connections).toHaveLength(2);
    run.connection.end(CLOSE.limited);
    run.client.wake();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(run.connections).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(run.connections).toHaveLength(3);
  });

  it('repeats preparing until it succeeds, and stops where it is refused', async () => {
    const prepare = vi
      .fn<() => Promise<void>>()
      .mockRejectedValueOnce(new ApiError(0, 'network', 'no answer'))
      .mockResolvedValueOnce();
    const run = harness({ prepare });
    await run.client.start();
    expect(run.connections).toHaveLength(0);
    await retry();
    expect(run.connections).toHaveLength(1);

    const refused = harness({
      prepare: () => Promise.reject(new ApiError(403, 'forbidden', 'no')),
    });
    await refused.client.start();
    expect(refused.phase()).toBe('stopped');
  });

  it('takes a stream where sockets do not open, and goes back to a socket that does', async () => {
    const run = harness();
    await run.client.start();
    run.connection.end(CLOSE.abnormal);
    await retry();
    run.connection.end(CLOSE.abnormal);
    await retry();
    expect(run.connections.map((each) => each.kind)).toEqual(['socket', 'socket', 'stream']);
    run.connection.welcome(0);
    expect(run.phase()).toBe('online');

    const stream = run.connection;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(run.connection.kind).toBe('socket');
    expect(stream.closed).toBe(false);
    run.connection.greet(0);
    await vi.advanceTimersByTimeAsync(0);
    expect(stream.closed).toBe(true);
    run.connection.welcome(0);
    expect(run.phase()).toBe('online');
    expect(run.connection.kind).toBe('socket');
  });
});
