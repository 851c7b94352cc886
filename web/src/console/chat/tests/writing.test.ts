import { signal } from '@preact/signals';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../../../protocol/agent-api';
import type { Draft, OutboxEntry } from '../../../protocol/outbox';
import type { Connect, TransportEvents } from '../../../protocol/transport';
import type { Ack, Message } from '../../../protocol/types';
import type { Desk } from '../../desk';
import { delivered } from '../delivered';
import { setDraft } from '../drafts';
import { hearingWarnings } from '../warnings';
import { Writing } from '../writing';

let count = 0;

function setUp(patch: () => Promise<void> = () => Promise.resolve(), upload_bytes_max = 1_000) {
  const sent: Draft[] = [];
  const discarded: string[] = [];
  const desk = {
    api: { patch, delete: patch },
    me: signal({ upload_bytes_max }),
    client: {
      typing: () => undefined,
      discard: (id: string) => discarded.push(id),
      send: (_: string, draft: Draft) => {
        sent.push(draft);
        return { ...draft, client_id: `m${sent.length}` };
      },
    },
  } as unknown as Desk;
  const id = `c${++count}`;
  return { writing: new Writing(desk, id), sent, discarded, id };
}

function entry(change: Partial<OutboxEntry> = {}): OutboxEntry {
  return {
    client_id: 'm1',
    conversation_id: 'c1',
    kind: 'text',
    text: 'hello',
    order: 1,
    created_at: '',
    state: 'sending',
    ...change,
  };
}

const MESSAGE: Message = {
  conversation_id: 'c1',
  seq: 7,
  prev_seq: 6,
  id: 'i7',
  client_id: 'm7',
  from: { kind: 'agent', id: 'lin', name: 'Lin' },
  kind: 'text',
  text: 'first words',
  created_at: '',
};

beforeEach(() => {
  vi.stubGlobal('requestAnimationFrame', () => 0);
});

describe('writing', () => {
  it('sends a reply with what it quotes, and a note without', () => {
    const { writing, sent, id } = setUp();
    writing.quote({ seq: 7, from: 'Lin', text: 'first words' });
    writing.write('  an answer ');
    writing.submit();
    expect(sent).toEqual([{ kind: 'text', text: 'an answer', quote_seq: 7 }]);
    expect(writing.draft.value).toMatchObject({ reply: '', quote: null });
    writing.quote({ seq: 7, from: 'Lin', text: 'first words' });
    setDraft(id, { mode: 'note' });
    writing.write('inside');
    writing.submit();
    expect(sent[1]).toEqual({ kind: 'note', text: 'inside' });
    expect(writing.draft.value.quote).not.toBeNull();
  });

  it('sends nothing for nothing', () => {
    const { writing, sent } = setUp();
    writing.write(' \n ');
    expect(writing.submit()).toBeNull();
    expect(sent).toEqual([]);
  });

  it('sends files after the text, and takes none in a note', () => {
    const { writing, sent, id } = setUp();
    const file = new File(['x'], 'parcel.pdf', { type: 'application/pdf' });
    writing.attach([file]);
    writing.write('see here');
    writing.submit();
    expect(sent.map(({ kind, text }) => [kind, text])).toEqual([
      ['text', 'see here'],
      ['file', ''],
    ]);
    expect(sent[1]?.file?.name).toBe('parcel.pdf');
    expect(writing.attached.value).toEqual([]);
    setDraft(id, { mode: 'note' });
    writing.attach([file]);
    expect(writing.attached.value).toEqual([]);
    expect(writing.trouble.value).toEqual({ kind: 'noteFiles' });
  });

  it('refuses files that the server would refuse, and takes the others', () => {
    const { writing } = setUp(undefined, 3);
    const files = ['1234', '', '123'].map((text, n) => new File([text], `${n}.pdf`));
    writing.attach(files);
    expect(writing.attached.value.map(({ file }) => file.name)).toEqual(['2.pdf']);
    expect(writing.trouble.value).toEqual({ kind: 'files', files: files.slice(0, 2), limit: 3 });
  });

  it('changes a message and leaves the draft alone', async () => {
    const asked: unknown[] = [];
    const { writing } = setUp(((...all: unknown[]) => {
      asked.push(all);
      return Promise.resolve();
    }) as () => Promise<void>);
    writing.write('a draft');
    writing.edit(MESSAGE);
    expect(writing.text.value).toBe('first words');
    writing.write('other words');
    await writing.saveEdit();
    expect(asked).toEqual([[expect.stringMatching(/messages\/7$/), { text: 'other words' }]]);
    expect(writing.editing.value).toBeNull();
    expect(writing.text.value).toBe('a draft');
  });

  it.each([
    ['rejected', 422, { kind: 'rejected' }],
    ['conflict', 409, { kind: 'late' }],
    ['inbox_not_switched', 409, { kind: 'notSwitched' }],
    ['unavailable', 503, { kind: 'failed', detail: 'no' }],
  ] as const)('says so when a change is refused (%s)', async (code, status, trouble) => {
    const { writing } = setUp(() => Promise.reject(new ApiError(status, code, 'no')));
    writing.edit(MESSAGE);
    writing.write('bad words');
    await writing.saveEdit();
    expect(writing.trouble.value).toEqual(trouble);
    expect(writing.editing.value).toMatchObject({ text: 'bad words', saving: false });
  });

  it('takes a refused message back before what was begun meanwhile', () => {
    const { writing, discarded } = setUp();
    writing.write('meanwhile');
    writing.takeBack(entry({ state: 'failed', error: 'rejected', text: 'bad words' }));
    expect(discarded).toEqual(['m1']);
    expect(writing.text.value).toBe('bad words\nmeanwhile');
  });
});

describe('delivered', () => {
  it('waits until the entry is gone, and says when it is refused', async () => {
    const outbox = signal<readonly OutboxEntry[]>([entry(), entry({ client_id: 'm2' })]);
    const first = delivered(outbox, entry());
    const second = delivered(outbox, entry({ client_id: 'm2' }));
    outbox.value = [entry({ client_id: 'm2' })];
    expect(await first).toBe(true);
    outbox.value = [entry({ client_id: 'm2', state: 'failed', error: 'rejected' })];
    expect(await second).toBe(false);
  });
});

describe('warnings', () => {
  it('are told after the acknowledgement took effect', () => {
    const order: string[] = [];
    let events: TransportEvents | undefined;
    const connect: Connect = (_, given) => {
      events = given;
      return { send: () => undefined, close: () => undefined };
    };
    const heard = hearingWarnings(connect, (ack) => order.push(`warned ${ack.warning}`));
    const inner: TransportEvents = {
      opened: () => undefined,
      frame: (frame) => order.push(frame.type),
      closed: () => undefined,
    };
    heard('socket', inner);
    const ack: Ack = {
      type: 'ack',
      client_id: 'm1',
      conversation_id: 'c1',
      seq: 3,
      prev_seq: 2,
      id: 'i3',
      created_at: '',
    };
    events!.frame(ack);
    events!.frame({ ...ack, warning: 'masked' });
    expect(order).toEqual(['ack', 'ack', 'warned masked']);
  });
});
