/*
 * From the click on the launcher to the acknowledgement of a first message, as the visitor sees it: somebody new, on
 * this machine, with a processor slowed down four times. Fails when the median is over the limit.
 *
 *   KEFU_BIN=…/kefu npm run bench:open        with KEFU_WEB=dist the pages come from that folder
 */
import { openBrowser } from '../e2e/browser.mjs';
import { Agent } from '../e2e/people.mjs';
import { Server } from '../e2e/server.mjs';

const LIMIT_MS = 300;
const RUNS = 10;
const SLOWER = 4;
const SETTLE_MS = 500;
const LAUNCHER_INSET_PX = 48;
const VIEWPORT = { width: 1280, height: 800 };

const binary = process.env.KEFU_BIN;
if (!binary) {
  console.error('set KEFU_BIN to the path of the built kefu');
  process.exit(64);
}
const server = new Server(binary, process.env.KEFU_WEB);
const browser = await openBrowser();
try {
  await server.start();
  const desk = await browser.newContext();
  const agent = new Agent('agent', server, await desk.newPage(), [], 'bench');
  await agent.signIn(server.agents[0]);
  // The first one warms the server up.
  const times = [];
  for (let run = 0; run <= RUNS; run += 1) times.push(await once());
  const sorted = times.slice(1).sort((a, b) => a - b);
  const at = (share) => sorted[Math.ceil(share * sorted.length) - 1];
  console.log(`first message acknowledged after ${at(0.5)} ms (median), ${at(0.9)} ms (p90)`);
  console.log(`each: ${times.slice(1).join(', ')} ms; limit ${LIMIT_MS} ms`);
  if (at(0.5) > LIMIT_MS) process.exitCode = 1;
} finally {
  await browser.close();
  await server.remove();
}

async function once() {
  const context = await browser.newContext({ viewport: VIEWPORT });
  const page = await context.newPage();
  await page.addInitScript(writeAtOnce);
  const session = await context.newCDPSession(page);
  await page.goto(`${server.origin}/demo?inbox=shop-en&lang=en`);
  await page.waitForFunction(() => document.querySelector('html > div') !== null);
  await page.waitForTimeout(SETTLE_MS);
  await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
  await page.mouse.click(VIEWPORT.width - LAUNCHER_INSET_PX, VIEWPORT.height - LAUNCHER_INSET_PX);
  await page.waitForFunction(() => globalThis.acknowledgedAt > 0);
  const passed = await page.evaluate(() => globalThis.acknowledgedAt - globalThis.clickedAt);
  await context.close();
  return Math.round(passed);
}

/** In the page: notes the click. In the frame: writes as soon as it can, and notes the tick. */
function writeAtOnce() {
  if (globalThis === globalThis.top) {
    addEventListener('pointerdown', () => (globalThis.clickedAt ??= Date.now()), true);
    return;
  }
  let isSent = false;
  const look = () => {
    const field = document.querySelector('.composer textarea');
    if (!isSent && field) {
      isSent = true;
      const { set } = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value');
      set.call(field, 'Hello');
      field.dispatchEvent(new InputEvent('input', { bubbles: true }));
      requestAnimationFrame(() =>
        field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true })),
      );
    }
    if (document.querySelector('.is-own .tick.is-sent, .is-own .tick.is-read')) {
      globalThis.top.acknowledgedAt ??= Date.now();
    }
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
}
