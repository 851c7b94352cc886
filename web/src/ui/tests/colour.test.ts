import { expect, it } from 'vitest';
import { contrast, ground, inkOn, parseColour, readable } from '../colour';

const WHITE = { r: 255, g: 255, b: 255 };
const DARK = { r: 20, g: 23, b: 28 };
/** The bubbles and sunken parts of the widget, light and dark. */
const GREY = { r: 238, g: 240, b: 243 };
const SLATE = { r: 38, g: 44, b: 53 };

it('reads hexadecimal colours and nothing else', () => {
  expect(parseColour('#1859c9')).toEqual({ r: 24, g: 89, b: 201 });
  expect(parseColour('FA0')).toEqual({ r: 255, g: 170, b: 0 });
  for (const text of ['', 'red', '#12', '#12345g', 'url(x)', null, undefined]) {
    expect(parseColour(text)).toBeNull();
  }
});

it('whatever the brand colour, texts on it and in it can be read', () => {
  for (let r = 0; r <= 255; r += 17) {
    for (let g = 0; g <= 255; g += 17) {
      for (let b = 0; b <= 255; b += 17) {
        const brand = { r, g, b };
        expect(contrast(brand, inkOn(brand))).toBeGreaterThan(3);
        const lowest = Math.min(
          contrast(ground(brand), inkOn(brand)),
          ...[WHITE, GREY, DARK, SLATE].map((each) => contrast(readable(brand, each), each)),
        );
        if (lowest < 4.5) expect.fail(`${lowest} with ${JSON.stringify(brand)}`);
      }
    }
  }
});

it('a colour that can be read stays what it is', () => {
  const blue = { r: 24, g: 89, b: 201 };
  expect(readable(blue, WHITE)).toEqual(blue);
  expect(ground(blue)).toEqual(blue);
});
