import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type ChartData, spoken } from './data';
import { DASHES, markPath, Patterns, patternUrl } from './patterns';

export interface Plot {
  /** Of the drawing, in pixels. */
  width: number;
  id: string;
  /** The place that is looked at. */
  active: number | null;
}

interface ChartFrameProps {
  data: ChartData;
  height: number;
  /** How to walk from place to place. */
  axis: 'across' | 'down';
  /** What tells series apart. */
  drawnAs: 'lines' | 'fills';
  keysHint: string;
  /** Which place is under the pointer. */
  placeAt(x: number, y: number, width: number): number | null;
  /** Where the tooltip points at. */
  anchorOf(index: number, width: number): { x: number; y: number };
  children(plot: Plot): ComponentChildren;
}

const NARROWEST_PX = 240;

/** What all charts share: name, legend, and a tooltip for pointer and keyboard. */
export function ChartFrame(props: ChartFrameProps) {
  const { data, height } = props;
  const id = useId();
  const [box, width] = useWidth();
  const [active, setActive] = useState<number | null>(null);
  const count = data.places.length;
  useLayoutEffect(() => setActive(null), [data]);

  const onKey = (event: KeyboardEvent) => {
    const next = stepTo(event.key, active, count, props.axis);
    if (next === undefined) return;
    event.preventDefault();
    setActive(next);
  };
  return (
    <figure class="chart">
      <figcaption>
        <span class="chart-title" id={`${id}-t`}>
          {data.title}
        </span>
        <Legend data={data} drawnAs={props.drawnAs} />
      </figcaption>
      <div
        class="chart-box"
        ref={box}
        tabIndex={0}
        role="group"
        aria-labelledby={`${id}-t`}
        aria-describedby={`${id}-k`}
        onKeyDown={onKey}
        onBlur={() => setActive(null)}
        onPointerMove={(event) => {
          const at = event.currentTarget.getBoundingClientRect();
          setActive(props.placeAt(event.clientX - at.left, event.clientY - at.top, width));
        }}
        onPointerLeave={() => setActive(null)}
      >
        <svg width={width} height={height} role="img" aria-labelledby={`${id}-n ${id}-d`}>
          <title id={`${id}-n`}>{data.title}</title>
          <desc id={`${id}-d`}>{data.description}</desc>
          <Patterns id={id} count={data.series.length} />
          {props.children({ width, id, active })}
        </svg>
        {active !== null && <Tooltip {...props} index={active} width={width} />}
        <p class="visually-hidden" id={`${id}-k`}>
          {props.keysHint}
        </p>
        <p class="visually-hidden" role="status">
          {active !== null && spoken(data, active)}
        </p>
      </div>
    </figure>
  );
}

function Legend({ data, drawnAs }: Pick<ChartFrameProps, 'data' | 'drawnAs'>) {
  const id = useId();
  return (
    <ul class="chart-legend">
      {data.series.map((each, index) => (
        <li key={each.name}>
          <svg width="26" height="14" aria-hidden="true">
            {drawnAs === 'fills' ? (
              <>
                <Patterns id={id} count={data.series.length} />
                <rect x="4" y="1" width="18" height="12" rx="2" fill={patternUrl(id, index)} />
              </>
            ) : (
              <>
                <path
                  class={`chart-line chart-line-${index}`}
                  d="M0 7H26"
                  stroke-dasharray={DASHES[index]}
                />
                <path class={`chart-mark chart-mark-${index}`} d={markPath(index, 13, 7, 3.5)} />
              </>
            )}
          </svg>
          {each.name}
        </li>
      ))}
    </ul>
  );
}

interface TooltipProps extends ChartFrameProps {
  index: number;
  width: number;
}

function Tooltip({ data, anchorOf, index, width }: TooltipProps) {
  const { x, y } = anchorOf(index, width);
  const place = data.places[index];
  if (!place) return null;
  const toStart = x > width / 2;
  return (
    <div
      class={`chart-tip ${toStart ? 'is-start' : ''}`}
      style={{ left: `${x}px`, top: `${y}px` }}
      aria-hidden="true"
    >
      <p>{place.title}</p>
      <dl>
        {data.series.map((each) => (
          <div key={each.name}>
            <dt>{each.name}</dt>
            <dd>{data.write(each.values[index] ?? null)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

/** Where a key leads: undefined for a key that is none of the chart's, null to let go. */
export function stepTo(
  key: string,
  active: number | null,
  count: number,
  axis: 'across' | 'down',
): number | null | undefined {
  const [back, on] = axis === 'across' ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown'];
  if (count === 0) return undefined;
  switch (key) {
    case on:
      return active === null ? 0 : Math.min(active + 1, count - 1);
    case back:
      return active === null ? count - 1 : Math.max(active - 1, 0);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    case 'Escape':
      return active === null ? undefined : null;
    default:
      return undefined;
  }
}

function useWidth() {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(NARROWEST_PX);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => setWidth(Math.max(NARROWEST_PX, Math.floor(element.clientWidth)));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [box, width] as const;
}
