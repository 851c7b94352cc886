import { describe, expect, it } from 'vitest';
import {
  bars,
  minutesOf,
  nextSpan,
  spanOf,
  spansProblem,
  specialProblems,
  spreadMonday,
  timesOf,
  workingWeek,
} from '../inboxes/hours';

describe('spans', () => {
  it('come back from what is typed', () => {
    for (const span of ['09:00-18:00', '22:00-06:00', '00:00-24:00', '18:00-24:00']) {
      expect(spanOf(timesOf(span))).toBe(span);
    }
  });

  it('know when they cross midnight', () => {
    expect(minutesOf('22:00-06:00')).toEqual({ from: 1_320, to: 1_800 });
    expect(minutesOf('00:00-24:00')).toEqual({ from: 0, to: 1_440 });
    for (const bad of ['', '9:00-18:00', '09:00-09:00', '24:00-25:00', '09:60-10:00', '-18:00']) {
      expect(minutesOf(bad), bad).toBeNull();
    }
  });

  it('say what is wrong with a day', () => {
    expect(spansProblem(['09:00-12:00', '13:00-18:00'])).toBeNull();
    expect(spansProblem(['13:00-18:00', '09:00-13:01'])).toBe('overlap');
    expect(spansProblem(['09:00-'])).toBe('incomplete');
    expect(spansProblem(Array<string>(9).fill('00:00-01:00'))).toBe('tooMany');
  });

  it('propose what does not overlap', () => {
    let spans: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      spans = [...spans, nextSpan(spans)];
      expect(spansProblem(spans), spans.join()).toBeNull();
    }
  });

  it('are drawn within their day', () => {
    expect(bars(['12:00-24:00'])).toEqual([{ start: 0.5, length: 0.5 }]);
    expect(bars(['18:00-06:00', 'x'])).toEqual([{ start: 0.75, length: 0.25 }]);
  });
});

it('finds special days that end early or stand twice', () => {
  const day = (date: string, until?: string) => ({
    date,
    name: '',
    open: [],
    ...(until === undefined ? {} : { until }),
  });
  expect(specialProblems([day('2027-01-01'), day('2027-02-10', '2027-02-01'), day('')])).toEqual([
    null,
    'range',
    'date',
  ]);
  expect(specialProblems([day('2027-01-01', '2027-01-05'), day('2027-01-05')])).toEqual([
    null,
    'twice',
  ]);
});

it('spreads Monday over the working days alone', () => {
  const hours = workingWeek('Asia/Shanghai');
  hours.week.monday = ['10:00-16:00'];
  const { week } = spreadMonday(hours);
  expect(week.friday).toEqual(['10:00-16:00']);
  expect(week.saturday).toEqual([]);
});
