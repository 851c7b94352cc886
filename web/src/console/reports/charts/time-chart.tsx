import { useMemo } from 'preact/hooks';
import { type ChartData, highest } from './data';
import { ChartFrame, type Plot } from './frame';
import { DASHES, markPath, patternUrl } from './patterns';
import { everyNth, scaleOf } from './scale';

const HEIGHT = 260;
const TOP = 12;
const BOTTOM = 28;
const START = 52;
const END = 12;
const LABEL_ROOM = 64;
/** Marks closer than this would be a caterpillar. */
const MARK_ROOM = 14;

/** Lines, or bars that add up, over hours or days. */
export function TimeChart({ data, keysHint }: { data: ChartData; keysHint: string }) {
  const scale = useMemo(() => scaleOf(highest(data), data.kind), [data]);
  const count = data.places.length;
  const inner = (width: number) => width - START - END;
  const x = (index: number, width: number) => START + ((index + 0.5) * inner(width)) / count;
  const y = (value: number) => HEIGHT - BOTTOM - (value / scale.max) * (HEIGHT - TOP - BOTTOM);

  return (
    <ChartFrame
      data={data}
      height={HEIGHT}
      axis="across"
      drawnAs={data.stacked ? 'fills' : 'lines'}
      keysHint={keysHint}
      placeAt={(px, _, width) => {
        const index = Math.floor(((px - START) / inner(width)) * count);
        return index >= 0 && index < count ? index : null;
      }}
      anchorOf={(index, width) => ({ x: x(index, width), y: TOP })}
    >
      {(plot) => {
        const nth = everyNth(count, inner(plot.width), LABEL_ROOM);
        return (
          <>
            {scale.ticks.map((tick) => (
              <g key={tick}>
                <path class="chart-grid" d={`M${START} ${y(tick)}H${plot.width - END}`} />
                <text class="chart-label is-end" x={START - 8} y={y(tick) + 4}>
                  {data.write(tick)}
                </text>
              </g>
            ))}
            {data.places.map(
              (place, index) =>
                index % nth === 0 && (
                  <text
                    key={place.key}
                    class="chart-label is-middle"
                    x={x(index, plot.width)}
                    y={HEIGHT - 8}
                  >
                    {place.label}
                  </text>
                ),
            )}
            {plot.active !== null && (
              <path
                class="chart-cursor"
                d={`M${x(plot.active, plot.width)} ${TOP}V${HEIGHT - BOTTOM}`}
              />
            )}
            {data.stacked ? (
              <Stacks data={data} plot={plot} x={x} y={y} room={inner(plot.width) / count} />
            ) : (
              <Lines data={data} plot={plot} x={x} y={y} room={inner(plot.width) / count} />
            )}
          </>
        );
      }}
    </ChartFrame>
  );
}

interface PartsProps {
  data: ChartData;
  plot: Plot;
  x(index: number, width: number): number;
  y(value: number): number;
  /** Pixels of one place. */
  room: number;
}

function Stacks({ data, plot, x, y, room }: PartsProps) {
  const thickness = Math.max(1, Math.min(40, room * 0.7));
  return (
    <>
      {data.places.map((place, index) => {
        let below = 0;
        return (
          <g key={place.key}>
            {data.series.map((each, part) => {
              const value = each.values[index] ?? 0;
              const top = y(below + value);
              const tall = y(below) - top;
              below += value;
              if (value === 0) return null;
              return (
                <rect
                  key={each.name}
                  class="chart-bar"
                  x={x(index, plot.width) - thickness / 2}
                  y={top}
                  width={thickness}
                  height={tall}
                  fill={patternUrl(plot.id, part)}
                />
              );
            })}
          </g>
        );
      })}
    </>
  );
}

function Lines({ data, plot, x, y, room }: PartsProps) {
  return (
    <>
      {data.series.map((each, part) => (
        <g key={each.name}>
          <path
            class={`chart-line chart-line-${part}`}
            d={linePath(each.values, (index) => x(index, plot.width), y)}
            stroke-dasharray={DASHES[part]}
          />
          {each.values.map((value, index) => {
            const alone =
              value !== null &&
              (each.values[index - 1] ?? null) === null &&
              (each.values[index + 1] ?? null) === null;
            const shown = room >= MARK_ROOM || alone || index === plot.active;
            if (value === null || !shown) return null;
            return (
              <path
                key={data.places[index]!.key}
                class={`chart-mark chart-mark-${part}`}
                d={markPath(part, x(index, plot.width), y(value), index === plot.active ? 5 : 3.5)}
              />
            );
          })}
        </g>
      ))}
    </>
  );
}

/** A line that breaks where there is no value. */
export function linePath(
  values: readonly (number | null)[],
  x: (index: number) => number,
  y: (value: number) => number,
): string {
  let path = '';
  let drawing = false;
  values.forEach((value, index) => {
    if (value !== null) {
      path += `${drawing ? 'L' : 'M'}${round(x(index))} ${round(y(value))}`;
    }
    drawing = value !== null;
  });
  return path;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
