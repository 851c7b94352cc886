import type { Kind } from '../figures';

export interface Scale {
  max: number;
  ticks: readonly number[];
}

const TICKS = 4;
/** Steps at which people cut time: seconds, minutes, hours, days. */
const TIME_STEPS = [
  0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200,
  86_400, 172_800, 432_000, 864_000, 2_592_000,
];

/** An axis from 0 to a round number that is not below `highest`. */
export function scaleOf(highest: number, kind: Kind): Scale {
  if (kind === 'share') return { max: 1, ticks: [0, 0.25, 0.5, 0.75, 1] };
  const step = stepOf(Math.max(highest, kind === 'duration' ? 1 : TICKS) / TICKS, kind);
  const count = Math.max(1, Math.ceil(highest / step - 1e-9));
  return {
    max: count * step,
    ticks: Array.from({ length: count + 1 }, (_, index) => index * step),
  };
}

function stepOf(least: number, kind: Kind): number {
  if (kind === 'duration') {
    return TIME_STEPS.find((step) => step >= least) ?? Math.ceil(least / 864_000) * 864_000;
  }
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].find((each) => each * power >= least - 1e-9)! * power;
  return kind === 'count' ? Math.max(1, step) : step;
}

/** Which labels of an axis are written when each needs so much room; the first always. */
export function everyNth(count: number, width: number, roomPx: number): number {
  if (count === 0) return 1;
  return Math.max(1, Math.ceil((count * roomPx) / Math.max(width, 1)));
}
