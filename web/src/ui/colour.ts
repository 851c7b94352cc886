export interface Rgb {
  r: number;
  g: number;
  b: number;
}

/** Reads `#rgb` and `#rrggbb`; anything else is no colour. */
export function parseColour(text: string | null | undefined): Rgb | null {
  const match = /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(text?.trim() ?? '');
  if (!match) return null;
  const hex = match[1]!.length === 3 ? match[1]!.replace(/./g, '$&$&') : match[1]!;
  const value = parseInt(hex, 16);
  return { r: value >> 16, g: (value >> 8) & 255, b: value & 255 };
}

/** Relative luminance as WCAG defines it. */
export function luminance({ r, g, b }: Rgb): number {
  const [x, y, z] = [r, g, b].map((channel) => {
    const c = channel / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
}

export function contrast(a: Rgb, b: Rgb): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

const WHITE = { r: 255, g: 255, b: 255 };
const INK = { r: 12, g: 24, b: 48 };
const TEXT_CONTRAST = 4.5;

/** Where white and ink read equally well. */
const TURNING_LUMINANCE = 0.2;

/** White or ink, whichever reads better on `colour`. */
export function inkOn(colour: Rgb): Rgb {
  return luminance(colour) > TURNING_LUMINANCE ? INK : WHITE;
}

/** Moves a brand colour towards ink (or white on a dark page) until it reads as text. */
export function readable(colour: Rgb, background: Rgb): Rgb {
  return away(colour, background, luminance(background) > 0.5 ? INK : WHITE);
}

/** A brand colour as the ground of text in `inkOn` it: as it is, or a little lighter or darker. */
export function ground(colour: Rgb): Rgb {
  const ink = inkOn(colour);
  return away(colour, ink, ink === INK ? WHITE : INK);
}

function away(colour: Rgb, from: Rgb, target: Rgb): Rgb {
  let found = colour;
  for (let step = 1; contrast(found, from) < TEXT_CONTRAST && step <= 10; step += 1) {
    found = {
      r: mix(colour.r, target.r, step / 10),
      g: mix(colour.g, target.g, step / 10),
      b: mix(colour.b, target.b, step / 10),
    };
  }
  return found;
}

function mix(from: number, to: number, part: number): number {
  return Math.round(from + (to - from) * part);
}

export function css({ r, g, b }: Rgb): string {
  return `rgb(${r} ${g} ${b})`;
}
