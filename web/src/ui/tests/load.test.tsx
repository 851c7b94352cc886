import { render } from 'preact';
import { beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { ApiError } from '../../protocol/api';
import { eventually } from '../../protocol/tests/patience';
import { type Load, useLoad } from '../load';
import { fakeDocument, FakeNode } from './fake-dom';

interface Asked {
  key: string | null;
  signal: AbortSignal;
  answer(value: string): void;
  fail(error: unknown): void;
}

const asked: Asked[] = [];
let load: Load<string>;
let root: FakeNode;

beforeAll(() => {
  vi.stubGlobal('document', fakeDocument);
});

beforeEach(() => {
  asked.length = 0;
  root = new FakeNode(1, 'root');
});

function Probe({ name }: { name: string | null }) {
  load = useLoad(
    name,
    (signal) =>
      new Promise<string>((answer, fail) => asked.push({ key: name, signal, answer, fail })),
  );
  return null;
}

function show(name: string | null): void {
  render(<Probe name={name} />, root as unknown as Parameters<typeof render>[1]);
}

const refused = (status: number) => new ApiError(status, 'code', 'why');
const becomes = (state: Load<string>['state']) =>
  eventually(() => expect(load.state).toEqual(state));
const isAsked = (times: number) => eventually(() => expect(asked).toHaveLength(times));

it('loads what the key names, and nothing without one', async () => {
  show(null);
  expect(load.state.status).toBe('loading');
  show('a');
  await isAsked(1);
  asked[0]!.answer('A');
  await becomes({ status: 'ready', value: 'A' });
});

it('another key gives up the request before, whose answer is never shown', async () => {
  show('a');
  await isAsked(1);
  show('b');
  expect(load.state.status).toBe('loading');
  await isAsked(2);
  expect(asked[0]!.signal.aborted).toBe(true);
  asked[1]!.answer('B');
  await becomes({ status: 'ready', value: 'B' });
  asked[0]!.answer('A');
  await Promise.resolve();
  expect(load.state).toEqual({ status: 'ready', value: 'B' });
});

it('tells what is denied from what failed, and tries again', async () => {
  show('a');
  await isAsked(1);
  asked[0]!.fail(refused(403));
  await becomes({ status: 'denied' });
  show('b');
  await isAsked(2);
  const broken = refused(503);
  asked[1]!.fail(broken);
  await becomes({ status: 'error', error: broken });
  load.retry();
  await becomes({ status: 'loading' });
  await isAsked(3);
  asked[2]!.answer('B');
  await becomes({ status: 'ready', value: 'B' });
});

it('what is shown outlives a failure that may be over soon, but no refusal', async () => {
  show('a');
  await isAsked(1);
  asked[0]!.answer('A');
  await becomes({ status: 'ready', value: 'A' });
  load.retry();
  await isAsked(2);
  expect(load.state).toEqual({ status: 'ready', value: 'A' });
  asked[1]!.fail(refused(0));
  load.retry();
  await isAsked(3);
  expect(load.state).toEqual({ status: 'ready', value: 'A' });
  asked[2]!.fail(refused(403));
  await becomes({ status: 'denied' });
});

it('takes a value that came by another way', async () => {
  show('a');
  await isAsked(1);
  load.set('from a change');
  await becomes({ status: 'ready', value: 'from a change' });
});
