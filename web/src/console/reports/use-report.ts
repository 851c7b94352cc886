import { useMemo, useRef } from 'preact/hooks';
import type { AgentApi } from '../../protocol/agent-api';
import type { Report } from '../../protocol/types';
import { type Load, useLoad } from '../../ui/load';
import { type Choice, request, spanOfChoice } from './choice';
import { faultOf, previous, type Span, type SpanFault } from './range';

/** Reports read a lot; the server lets others wait for ten seconds before it says no. */
const TIMEOUT_MS = 60_000;

export interface Reported {
  span: Span;
  report: Report;
  /** When it was made. */
  at: number;
  /** The days before, when they are compared with. */
  before: { span: Span; report: Report } | null;
}

export interface UsedReport {
  load: Load<Reported>;
  /** The last one that came, to look at while another one is under way. */
  shown: Reported | null;
  span: Span;
  fault: SpanFault | null;
}

export function useReport(api: AgentApi, choice: Choice): UsedReport {
  const span = spanOfChoice(choice, Date.now());
  const fault = faultOf(span, choice.by === 'hour');
  const query = request(choice, span);
  const key = fault === null ? JSON.stringify([query, choice.compare]) : null;
  const last = useRef<Reported | null>(null);
  const load = useLoad<Reported>(key, async (signal) => {
    const options = { signal, timeoutMs: TIMEOUT_MS };
    const report = await api.get<Report>('reports', query, options);
    const earlier = previous(span);
    // One after the other: two at once are all that the server makes for everybody.
    const before = choice.compare
      ? {
          span: earlier,
          report: await api.get<Report>('reports', request(choice, earlier), options),
        }
      : null;
    return { span, report, at: Date.now(), before };
  });
  if (load.state.status === 'ready') last.current = load.state.value;
  const shown = last.current;
  return useMemo(() => ({ load, shown, span, fault }), [load.state, shown, key, fault]);
}
