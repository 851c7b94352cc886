/* What a main thread did between two marks, by its own clock, from a trace of Chromium. */

/** The first that fits says what an event is; what is none of these keeps to what it is part of. */
const KINDS = [
  ['style', /^(UpdateLayoutTree|RecalculateStyles)$/],
  ['layout', /^Layout$/],
  ['painting', /^(PrePaint|Paint|Layerize|Commit|UpdateLayer|CompositeLayers)$/],
  ['parsing', /^(ParseHTML|ParseAuthorStyleSheet)$/],
  ['collecting', /GC/],
  ['script', /^(EvaluateScript|FunctionCall|EventDispatch|TimerFire|FireAnimationFrame|RunMicrotasks|v8\.(compile|run|evaluate|produce).*)$/],
];
const TASK = /RunTask$/;

/** `spent` in milliseconds by kind, and `counts` of what is the same however fast the machine is. */
export function workBetween(traceEvents, begin, end) {
  const events = traceEvents
    .filter(({ ph, pid, tid, ts }) => ph === 'X' && pid === begin.pid && tid === begin.tid && ts >= begin.ts && ts <= end.ts)
    // What holds another comes before it.
    .sort((a, b) => a.ts - b.ts || b.dur - a.dur);
  const spent = Object.fromEntries([...KINDS.map(([kind]) => [kind, 0]), ['other', 0]]);
  const open = [];
  const close = (until) => {
    while (open.length > 0 && open[open.length - 1].until <= until) {
      const { kind, own } = open.pop();
      spent[kind] += Math.max(0, own) / 1000;
    }
  };
  for (const { name, ts, dur = 0, tdur = 0 } of events) {
    close(ts);
    const around = open[open.length - 1];
    const kind = KINDS.find(([, names]) => names.test(name))?.[0] ?? around?.kind ?? 'other';
    if (around) around.own -= tdur;
    open.push({ until: ts + dur, kind, own: tdur });
  }
  close(Infinity);
  const count = (names) => events.filter(({ name }) => names.test(name)).length;
  return {
    spent,
    counts: { tasks: count(TASK), styles: count(KINDS[0][1]), layouts: count(KINDS[1][1]), pictures: count(/^Paint$/) },
  };
}

export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(share * sorted.length) - 1];
}

export function median(values) {
  return quantile(values, 0.5);
}
