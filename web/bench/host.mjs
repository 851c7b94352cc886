/*
 * What the widget costs the page that it is in: how far it moves what is there, and how long it keeps the page busy.
 *
 *   KEFU_BIN=…/kefu npm run bench:host
 *
 * A page of another site, on a processor slowed down four times, wide and narrow: once it is there it gets the loader, or
 * does not, and is scrolled; where there is a chat, that is opened and closed. Fails when anything of the page moved, or
 * when the longest task between the loader's tag and its launcher, in the median, took more than 50 ms of processor time.
 */
import { createServer } from 'node:http';
import { openBrowser } from '../e2e/browser.mjs';
import { Server } from '../e2e/server.mjs';
import { LONG_MS, longest, tasksOf } from './tasks.mjs';

const SLOWER = 4;
const RUNS = 3;
const VIEWPORTS = { wide: { width: 1280, height: 800 }, narrow: { width: 390, height: 844 } };
const LAUNCHER_INSET_PX = 48;

const binary = process.env.KEFU_BIN;
if (!binary) {
  console.error('set KEFU_BIN to the path of the built kefu');
  process.exit(64);
}
const server = new Server(binary, process.env.KEFU_WEB);
const browser = await openBrowser();
const paragraphs = Array.from({ length: 60 }, (_, at) => `<h2>Goods ${at}</h2><p>${'What they are made of. '.repeat(20)}</p>`);
const site = createServer((_, answer) => {
  answer.setHeader('content-type', 'text/html; charset=utf-8');
  answer.end(`<!doctype html><html lang="en"><title>Shop</title><body>${paragraphs.join('')}`);
});
try {
  await server.start();
  await new Promise((resolve) => site.listen(0, '127.0.0.1', resolve));
  for (const [name, viewport] of Object.entries(VIEWPORTS)) {
    const runs = { without: [], with: [] };
    for (let run = 0; run < RUNS; run += 1) {
      for (const kind of ['without', 'with']) runs[kind].push(await visit(kind, viewport));
    }
    for (const [kind, all] of Object.entries(runs)) {
      const moved = Math.max(...all.map((each) => each.moved));
      const busy = Math.round(median(all.map((each) => each.busy)));
      const most = median(all.map((each) => each.longest));
      console.log(
        `${name}, ${kind} the loader: layout shift ${moved}, main thread busy ${busy} ms, longest task ${most} ms`,
      );
      if (kind === 'with' && (moved > 0 || most > LONG_MS)) process.exitCode = 1;
    }
  }
} finally {
  await browser.close();
  site.close();
  await server.remove();
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

async function visit(kind, viewport) {
  const context = await browser.newContext({ viewport });
  const page = await context.newPage();
  await page.addInitScript(noteShifts);
  const session = await context.newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
  await page.goto(`http://shop.localhost:${site.address().port}/`);
  await page.evaluate(settled);
  const tasks = await tasksOf(browser, page, async () => {
    if (kind === 'with') {
      await page.evaluate(embed, server.origin);
      await page.waitForFunction(() => document.querySelector('html > div') !== null);
    }
    await page.mouse.wheel(0, 900);
    await page.waitForFunction(() => scrollY > 0);
    await page.evaluate(settled);
  });
  if (kind === 'with') {
    const button = [viewport.width - LAUNCHER_INSET_PX, viewport.height - LAUNCHER_INSET_PX];
    await page.mouse.click(...button);
    await chat(page).then((frame) => frame.waitForSelector('.widget-header'));
    await page.evaluate(() => globalThis.kefu('close'));
    await page.evaluate(settled);
  }
  const moved = await page.evaluate(() => globalThis.moved);
  await context.close();
  return { moved, busy: tasks.reduce((sum, ms) => sum + ms, 0), longest: longest(tasks) };
}

async function chat(page) {
  const find = () => page.frames().find((frame) => frame.url().includes('/widget/frame.html'));
  return find() ?? page.waitForEvent('framenavigated', () => find() !== undefined).then(find);
}

function embed(origin) {
  const script = document.createElement('script');
  script.src = `${origin}/widget/loader.js`;
  script.dataset.inbox = 'web';
  document.head.append(script);
}

/** Shifts soon after a click count, too: the chat lies above the page, whoever opened it. */
function noteShifts() {
  globalThis.moved = 0;
  new PerformanceObserver((list) => {
    for (const { value } of list.getEntries()) globalThis.moved += value;
  }).observe({ type: 'layout-shift', buffered: true });
}

/** What is under way has been painted, and nothing is left to do. */
function settled() {
  return new Promise((resolve) =>
    requestAnimationFrame(() => requestAnimationFrame(() => requestIdleCallback(resolve))),
  );
}
