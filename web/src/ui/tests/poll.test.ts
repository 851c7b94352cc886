import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { poll } from '../poll';

const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('document', page);
  page.visibilityState = 'visible';
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function show(visible: boolean): void {
  page.visibilityState = visible ? 'visible' : 'hidden';
  page.dispatchEvent(new Event('visibilitychange'));
}

it('asks at once and then again so long after each answer, whether or not it was one', async () => {
  const request = vi.fn().mockRejectedValue(new Error('no answer'));
  const stop = poll(1_000, request);
  expect(request).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(request).toHaveBeenCalledTimes(3);
  stop();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(request).toHaveBeenCalledTimes(3);
});

it('rests while nobody looks, and makes up for it afterwards', async () => {
  const request = vi.fn().mockResolvedValue(undefined);
  const stop = poll(1_000, request);
  await vi.advanceTimersByTimeAsync(0);
  show(false);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(request).toHaveBeenCalledTimes(1);
  show(true);
  expect(request).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(500);
  show(false);
  show(true);
  expect(request).toHaveBeenCalledTimes(2);
  stop();
});
