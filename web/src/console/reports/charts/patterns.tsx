/** Series differ by pattern, dash and mark besides their colour. */
export const DASHES = [undefined, '6 4', '2 4', '10 3 2 3', '1 3'] as const;

/** Fills of the stacked parts, to be put into the `defs` of a chart. */
export function Patterns({ id, count }: { id: string; count: number }) {
  return (
    <defs>
      {Array.from({ length: count }, (_, index) => (
        <pattern
          key={index}
          id={patternId(id, index)}
          width="8"
          height="8"
          patternUnits="userSpaceOnUse"
        >
          <rect class={`chart-fill-${index}`} width="8" height="8" />
          <path class="chart-hatch" d={HATCHES[index % HATCHES.length]!} />
        </pattern>
      ))}
    </defs>
  );
}

const HATCHES = [
  '',
  'M-2 2l4-4M0 8l8-8M6 10l4-4',
  'M1 2h1.5M5 6h1.5',
  'M0 4h8',
  'M-2 6l4 4M0 0l8 8M6-2l4 4M-2 2l4-4M0 8l8-8M6 10l4-4',
];

function patternId(id: string, index: number): string {
  return `${id}-p${index}`;
}

export function patternUrl(id: string, index: number): string {
  return `url(#${patternId(id, index)})`;
}

/** A mark of its own for each line: circle, square, diamond, triangle, cross. */
export function markPath(index: number, x: number, y: number, r: number): string {
  switch (index % 5) {
    case 0:
      return `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;
    case 1:
      return `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`;
    case 2: {
      const d = r * 1.3;
      return `M${x} ${y - d}l${d} ${d}l${-d} ${d}l${-d} ${-d}z`;
    }
    case 3:
      return `M${x} ${y - r}l${r} ${2 * r}h${-2 * r}z`;
    default:
      return `M${x - r} ${y - r}l${2 * r} ${2 * r}M${x + r} ${y - r}l${-2 * r} ${2 * r}`;
  }
}
