import { css, ground, inkOn, parseColour, readable } from '../ui/colour';

/** The grounds on which texts in the brand colour are hardest to read. */
const LIGHT = { r: 238, g: 240, b: 243 };
const DARK = { r: 38, g: 44, b: 53 };

/** The site's own colour, and shades of it that can be read on light and dark. */
export function paint(colour: string | undefined): void {
  const brand = parseColour(colour);
  if (!brand) return;
  const set = (name: string, value: string) =>
    document.documentElement.style.setProperty(name, value);
  set('--brand', css(ground(brand)));
  set('--on-brand', css(inkOn(brand)));
  set('--brand-text-light', css(readable(brand, LIGHT)));
  set('--brand-text-dark', css(readable(brand, DARK)));
}
