import { afterEach, describe, expect, it, vi } from 'vitest';
import type { OutboxEntry } from '../../protocol/outbox';
import { eventually } from '../../protocol/tests/patience';
import { type Command, type Engine, Line } from '../line';

/** Locks of several tabs in one process: first come, first served. */
class Locks {
  private readonly queues = new Map<string, (() => Promise<unknown>)[]>();

  request(name: string, _: object, work: () => Promise<unknown> | undefined): Promise<void> {
    return new Promise((resolve) => {
      const queue = this.queues.get(name) ?? [];
      this.queues.set(name, queue);
      queue.push(() => Promise.resolve(work()).then(() => resolve()));
      if (queue.length === 1) void this.serve(queue);
    });
  }

  private async serve(queue: (() => Promise<unknown>)[]): Promise<void> {
    while (queue[0]) {
      await queue[0]();
      queue.shift();
    }
  }
}

class FakeEngine implements Engine {
  readonly commands: Command[] = [];
  stopped = false;
  constructor(private readonly line: Line) {}

  run(command: Command): void {
    this.commands.push(command);
    if (command.do !== 'send') return;
    const { outbox } = this.line.shared;
    outbox.value = [...outbox.value, command.entry];
  }

  stop(): void {
    this.stopped = true;
  }
}

const lines: Line[] = [];

function tab(id: string | null = 'c1') {
  const engines: FakeEngine[] = [];
  const persisted: OutboxEntry[] = [];
  const line = new Line({
    id,
    seen: 0,
    persist: (entry) => persisted.push(entry),
    lead: (led) => {
      const engine = new FakeEngine(led);
      engines.push(engine);
      return engine;
    },
  });
  lines.push(line);
  return { line, engines, persisted };
}

const texts = (line: Line) => line.shared.outbox.value.map(({ text }) => text);

describe('the line of a visitor', () => {
  vi.stubGlobal('navigator', { locks: new Locks() });
  afterEach(() => lines.splice(0).forEach((line) => line.stop()));

  it('is led by one tab, and the others show what it knows', async () => {
    const [first, second] = [tab(), tab()];
    first.line.join('v1');
    await eventually(() => expect(first.line.leads).toBe(true));
    first.line.shared.seen.value = 4;
    second.line.join('v1');
    await eventually(() => expect(second.line.shared.seen.value).toBe(4));
    expect(second.line.leads).toBe(false);
    first.line.shared.limitedUntil.value = 9;
    await eventually(() => expect(second.line.shared.limitedUntil.value).toBe(9));
  });

  it('tells nobody before somebody has joined', async () => {
    const said = vi.spyOn(BroadcastChannel.prototype, 'postMessage');
    const [first, second] = [tab(), tab()];
    first.line.join('v5');
    await eventually(() => expect(first.line.leads).toBe(true));
    first.line.shared.seen.value = 7;
    expect(said.mock.calls.map(([note]) => (note as { type: string }).type)).not.toContain('state');
    second.line.join('v5');
    await eventually(() => expect(second.line.shared.seen.value).toBe(7));
    said.mockRestore();
  });

  it('is told all anew by whoever takes over', async () => {
    const [first, second, third] = [tab(), tab(), tab()];
    first.line.join('v6');
    await eventually(() => expect(first.line.leads).toBe(true));
    second.line.join('v6');
    third.line.join('v6');
    first.line.stop();
    await eventually(() => expect(second.line.leads).toBe(true));
    second.line.shared.limitedUntil.value = 11;
    await eventually(() => expect(third.line.shared.limitedUntil.value).toBe(11));
  });

  it('keeps what is written before there is a conversation, and sends what an earlier page kept', () => {
    const { line, engines, persisted } = tab(null);
    line.send({ kind: 'text', text: 'hello' });
    expect(persisted).toEqual(line.unsent.value);

    const next = tab(null);
    next.line.regain(persisted);
    next.line.send({ kind: 'text', text: 'anybody?' });
    next.line.begin();
    next.line.shared.id.value = 'c1';
    next.line.hand();
    const sent = next.engines[0]!.commands.flatMap((each) => (each.do === 'send' ? [each.entry] : []));
    expect(sent.map(({ text, conversation_id }) => [text, conversation_id])).toEqual([
      ['hello', 'c1'],
      ['anybody?', 'c1'],
    ]);
    expect(sent[0]!.client_id).toBe(persisted[0]!.client_id);
    expect(engines).toHaveLength(0);
  });

  it('sends what another tab writes, once', async () => {
    const [first, second] = [tab(), tab()];
    first.line.join('v2');
    second.line.join('v2');
    await eventually(() => expect(first.line.leads).toBe(true));
    second.line.send({ kind: 'text', text: 'hello' });
    expect(second.line.unsent.value).toHaveLength(1);
    expect(second.persisted).toHaveLength(1);
    await eventually(() => expect(texts(second.line)).toEqual(['hello']));
    expect(texts(first.line)).toEqual(['hello']);
    expect(second.line.unsent.value).toHaveLength(0);
  });

  it('goes on in another tab, with what was not taken over', async () => {
    const [first, second] = [tab(), tab()];
    first.line.join('v3');
    await eventually(() => expect(first.line.leads).toBe(true));
    second.line.join('v3');
    const engine = first.engines[0]!;
    // As if the first tab were gone before it heard.
    engine.run = () => undefined;
    second.line.send({ kind: 'text', text: 'late' });
    first.line.stop();
    expect(engine.stopped).toBe(true);
    await eventually(() => expect(second.line.leads).toBe(true));
    second.line.hand();
    expect(texts(second.line)).toEqual(['late']);
    expect(second.line.unsent.value).toHaveLength(0);
  });

  it('keeps what is written before there is a conversation', () => {
    const { line, engines } = tab(null);
    line.begin();
    line.send({ kind: 'text', text: 'early' });
    expect(engines[0]!.commands).toHaveLength(0);
    line.shared.id.value = 'c9';
    line.hand();
    expect(engines[0]!.commands).toMatchObject([
      { do: 'send', entry: { text: 'early', conversation_id: 'c9' } },
    ]);
  });
});
