/* What tests share so that a busy machine is no fault. */
import { vi } from 'vitest';

/** Waits until a check holds, which it does at once when all is well. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 20_000, interval: 5 });
}

interface CpuTime {
  user: number;
  system: number;
}

/** Node's; the types of the pages have none of it. */
declare const process: { cpuUsage(since?: CpuTime): CpuTime };

/** What work gives, and the microseconds of a processor that it took, whatever others had of it meanwhile. */
export function measured<T>(work: () => T): { result: T; microseconds: number } {
  const begin = process.cpuUsage();
  const result = work();
  return { result, microseconds: process.cpuUsage(begin).user };
}
