/*
 * From the click on the launcher to the acknowledgement of a first message, as the visitor sees it: somebody new, on
 * this machine, with a processor slowed down four times. Fails when the median is over the limit.
 *
 *   KEFU_BIN=…/kefu npm run bench:open        with KEFU_WEB=dist the pages come from that folder
 *
 * The clock starts when the button is pressed and stops when the tick of the message is in the page. Nothing of the chat
 * is loaded before: the pointer arrives with the click. A second figure is of people who rest on the launcher first, on
 * which the chat loads, as it does on every site; the limit is not for them. The main thread's processor time, of runs
 * without the slow-down, says on a busy machine what the clock cannot.
 */
import { loadavg } from 'node:os';
import { openBrowser } from '../e2e/browser.mjs';
import { Agent } from '../e2e/people.mjs';
import { Server } from '../e2e/server.mjs';

const LIMIT_MS = 300;
const RUNS = 10;
const SLOWER = 4;
const SETTLE_MS = 500;
const REST_MS = 300;
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
  await once(slowed);
  const cold = await series(slowed);
  console.log(`first message acknowledged after ${cold.median} ms (median), ${cold.p90} ms (p90)`);
  console.log(`each: ${cold.each} ms; limit ${LIMIT_MS} ms`);
  const rested = await series(slowed, REST_MS);
  console.log(`after the pointer has rested on the launcher for ${REST_MS} ms: ${rested.median} ms (median), ${rested.p90} ms (p90)`);
  const busy = await series(traced);
  console.log(`processor time of the page's main thread, not slowed down: ${busy.median} ms (median)`);
  console.log(`load of the machine: ${loadavg()[0].toFixed(1)}`);
  if (cold.median > LIMIT_MS) process.exitCode = 1;
} finally {
  await browser.close();
  await server.remove();
}

async function series(measured, restMs = 0) {
  const each = [];
  for (let run = 0; run < RUNS; run += 1) each.push(await once(measured, restMs));
  const sorted = [...each].sort((a, b) => a - b);
  const at = (share) => sorted[Math.ceil(share * sorted.length) - 1];
  return { median: at(0.5), p90: at(0.9), each: each.join(', ') };
}

async function once(measured, restMs = 0) {
  const context = await browser.newContext({ viewport: VIEWPORT });
  const page = await context.newPage();
  await page.addInitScript(writeAtOnce);
  await page.goto(`${server.origin}/demo?inbox=shop-en&lang=en`);
  await page.waitForFunction(() => document.querySelector('html > div') !== null);
  await page.waitForTimeout(SETTLE_MS);
  const launcher = [VIEWPORT.width - LAUNCHER_INSET_PX, VIEWPORT.height - LAUNCHER_INSET_PX];
  const passed = await measured(page, async () => {
    if (restMs > 0) {
      await page.mouse.move(...launcher);
      await page.waitForTimeout(restMs);
    }
    // A promise: what looks again in every frame would take part of each.
    const acknowledged = page.evaluate(() => new Promise((resolve) => (globalThis.tell = resolve)));
    await page.mouse.click(...launcher);
    await acknowledged;
  });
  await context.close();
  return Math.round(passed);
}

/** By the clock, on a slow processor. */
async function slowed(page, act) {
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
  await act();
  return page.evaluate(() => {
    const [clicked, acknowledged] = ['clicked', 'acknowledged'].map((name) => globalThis.noted.get(name));
    return acknowledged - clicked;
  });
}

/** By the main thread's own clock, which stands still while somebody else has the processor. */
async function traced(page, act) {
  await browser.startTracing(page, { categories: ['blink.user_timing'] });
  await act();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const at = (mark) => traceEvents.find(({ name, tts }) => name === mark && tts).tts / 1000;
  return at('acknowledged') - at('clicked');
}

/** In the page: notes the click. In the frame: writes as soon as it can, and notes the tick. */
function writeAtOnce() {
  const { top } = globalThis;
  const note = (name) => {
    if (top.noted.has(name)) return;
    performance.mark(name);
    top.noted.set(name, performance.timeOrigin + performance.now());
  };
  if (globalThis === top) {
    globalThis.noted = new Map();
    addEventListener('pointerdown', () => note('clicked'), true);
    return;
  }
  let isSent = false;
  const look = () => {
    const field = document.querySelector('.composer textarea');
    // Loaded before the click, it is there before anybody can write.
    if (!isSent && field && document.hasFocus()) {
      isSent = true;
      const { set } = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value');
      set.call(field, 'Hello');
      field.dispatchEvent(new InputEvent('input', { bubbles: true }));
      requestAnimationFrame(() =>
        field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true })),
      );
    }
    if (document.querySelector('.is-own .tick.is-sent, .is-own .tick.is-read')) {
      note('acknowledged');
      top.tell?.();
    }
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
  addEventListener('focus', look, true);
}
