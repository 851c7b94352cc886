import { expect, it } from 'vitest';
import { contrast, inkOn, parseColour, readable } from '../colour';

const WHITE = { r: 255, g: 255, b: 255 };
const DARK = { r: 20, g: 23, b: 28 };

it('reads hexadecimal colours and nothing else', () => {
  expect(parseColour('#1859c9')).toEqual({ r: 24, g: 89, b: 201 });
  expect(parseColour('FA0')).toEqual({ r: 255, g: 170, b: 0 });
  for (const text of ['', 'red', '#12', '#12345g', 'url(x)', null, undefined]) {
    expect(parseColour(text)).toBeNull();
  }
});

it('whatever the brand colour, icons on it and texts in it can be read', () => {
  for (let r = 0; r <= 255; r += 51) {
    for (let g = 0; g <= 255; g += 51) {
      for (let b = 0; b <= 255; b += 51) {
        const brand = { r, g, b };
        expect(contrast(brand, inkOn(brand))).toBeGreaterThan(3);
        expect(contrast(readable(brand, WHITE), WHITE)).toBeGreaterThanOrEqual(4.5);
        expect(contrast(readable(brand, DARK), DARK)).toBeGreaterThanOrEqual(4.5);
      }
    }
  }
});
