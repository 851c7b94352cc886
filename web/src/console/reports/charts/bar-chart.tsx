import { useMemo } from 'preact/hooks';
import { type ChartData, highest } from './data';
import { ChartFrame, type Plot } from './frame';
import { patternUrl } from './patterns';
import { scaleOf } from './scale';

const AXIS = 26;
const TOP = 4;
const END = 56;
const BAR = 12;
const GAP = 14;

/** Lying bars, one group for each agent, team, inbox or tag. */
export function BarChart({ data, keysHint }: { data: ChartData; keysHint: string }) {
  const scale = useMemo(() => scaleOf(highest(data), data.kind), [data]);
  const bars = data.stacked ? 1 : data.series.length;
  const band = bars * BAR + GAP;
  const count = data.places.length;
  const height = TOP + count * band + AXIS;
  const start = (width: number) => Math.min(168, Math.round(width * 0.3));
  const x = (value: number, width: number) =>
    start(width) + (value / scale.max) * (width - start(width) - END);
  return (
    <ChartFrame
      data={data}
      height={height}
      axis="down"
      drawnAs="fills"
      keysHint={keysHint}
      placeAt={(_, py) => {
        const index = Math.floor((py - TOP) / band);
        return index >= 0 && index < count ? index : null;
      }}
      anchorOf={(index, width) => ({ x: start(width) + 24, y: TOP + (index + 1) * band })}
    >
      {(plot) => (
        <>
          {scale.ticks.map((tick, index) => (
            <g key={tick}>
              <path
                class="chart-grid"
                d={`M${x(tick, plot.width)} ${TOP}V${height - AXIS}`}
              />
              {(plot.width > 480 || index % 2 === 0) && (
                <text
                  class="chart-label is-middle"
                  x={x(tick, plot.width)}
                  y={height - 8}
                >
                  {data.write(tick)}
                </text>
              )}
            </g>
          ))}
          {data.places.map((place, index) => (
            <g key={place.key}>
              {index === plot.active && (
                <rect
                  class="chart-band"
                  x="0"
                  y={TOP + index * band}
                  width={plot.width}
                  height={band}
                />
              )}
              <text
                class="chart-label is-name is-end"
                x={start(plot.width) - 8}
                y={TOP + index * band + band / 2 + 4}
              >
                {fitting(place.label, start(plot.width) - 12)}
              </text>
              <Bars
                data={data}
                plot={plot}
                index={index}
                top={TOP + index * band + GAP / 2}
                x={(value) => x(value, plot.width)}
              />
            </g>
          ))}
        </>
      )}
    </ChartFrame>
  );
}

interface BarsProps {
  data: ChartData;
  plot: Plot;
  index: number;
  top: number;
  x(value: number): number;
}

function Bars({ data, plot, index, top, x }: BarsProps) {
  let before = 0;
  return (
    <>
      {data.series.map((each, part) => {
        const value = each.values[index] ?? null;
        const from = data.stacked ? before : 0;
        before += value ?? 0;
        const y = top + (data.stacked ? 0 : part * BAR);
        if (value === null || (data.stacked && value === 0)) return null;
        return (
          <g key={each.name}>
            {value > 0 && (
              <rect
                class="chart-bar"
                x={x(from)}
                y={y + 1}
                width={Math.max(x(from + value) - x(from), 1)}
                height={BAR - 2}
                fill={patternUrl(plot.id, part)}
              />
            )}
            {!data.stacked && (
              <text class="chart-value" x={x(value) + 5} y={y + BAR - 2}>
                {data.write(value)}
              </text>
            )}
          </g>
        );
      })}
    </>
  );
}

const WIDE_PX = 12;
const NARROW_PX = 6.8;

/** A name cut to the room it has, by how wide letters are about. */
export function fitting(name: string, room: number): string {
  let used = 0;
  const letters = [...name];
  for (const [index, letter] of letters.entries()) {
    used += letter.codePointAt(0)! > 0x2e80 ? WIDE_PX : NARROW_PX;
    if (used > room) return `${letters.slice(0, Math.max(1, index - 1)).join('')}…`;
  }
  return name;
}
