import { describe, expect, it } from 'vitest';
import { clock } from '../time';

describe('clock', () => {
  const at = (hours: number, minutes: number) => clock(new Date(2026, 0, 2, hours, minutes).getTime());

  it('has two digits each, on a day of 24 hours', () => {
    expect([at(0, 0), at(9, 5), at(12, 30), at(23, 59)]).toEqual(['00:00', '09:05', '12:30', '23:59']);
  });

  it('says what `Intl` says of the same moment', () => {
    const format = new Intl.DateTimeFormat('zh-CN', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
    for (const iso of ['2026-03-29T01:30:00Z', '2026-10-25T23:07:00Z']) {
      expect(clock(iso)).toBe(format.format(new Date(iso)));
    }
  });
});
