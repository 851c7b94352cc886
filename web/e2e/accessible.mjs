import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { settled } from './settled.mjs';

const source = await readFile(createRequire(import.meta.url).resolve('axe-core'), 'utf8');
const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/**
 * No rule of axe is broken in this page or frame, or in what a selector finds of it; `what` names the
 * screen in the report.
 */
export async function expectAccessible(frame, what, part = 'html') {
  // Colours are what they are once nothing fades in any more.
  await settled(frame);
  await frame.evaluate(source);
  const broken = await frame.evaluate(async ([standards, part]) => {
    const { violations } = await globalThis.axe.run(part === 'html' ? document : part, {
      runOnly: { type: 'tag', values: standards },
      iframes: false,
    });
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.map((node) => `${id}: ${help}: ${node.html.slice(0, 160)} ${node.failureSummary}`),
    );
  }, [STANDARDS, part]);
  assert.deepEqual(broken, [], `${what}:\n${broken.join('\n')}`);
}
