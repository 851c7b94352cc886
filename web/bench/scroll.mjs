/*
 * A list of 20,000 conversations, real ones, in the console of one agent: scrolled from its first row to its last, which
 * loads it page by page, back up, and all the way once more. The first time the page's tasks are measured; the second
 * time every frame is looked at, which takes longer than the page does.
 *
 *   KEFU_BIN=…/kefu npm run bench:scroll               20,000 conversations
 *   KEFU_BIN=…/kefu npm run bench:scroll -- 2000       others
 *
 * Fails when a frame had a gap where rows should be, when a task took the page's main thread for more than 50 ms of
 * processor time, when more rows are in the page than are near sight, or when the second time leaves more memory in use
 * than the first.
 */
import { openBrowser } from '../e2e/browser.mjs';
import { ask, Crowd } from '../e2e/crowd.mjs';
import { Agent } from '../e2e/people.mjs';
import { Server } from '../e2e/server.mjs';
import { LONG_MS, longest, summary, tasksOf } from './tasks.mjs';

const [conversations = 20_000] = process.argv.slice(2).map(Number);
/** Visitors of this many come at once while everything is made. */
const AT_ONCE = 32;
/** A screen in every frame: as fast as a wheel goes. */
const STEP_PX = 800;
/** Few rows are all in the page; of many, those near sight. */
const ROWS_MAX = 110;
/** The list has some room around its rows. */
const PADDING_PX = 6;
/** Of each conversation and what the list keeps of it. */
const BYTES_EACH_MAX = 8 * 1024;
const GROWTH_MAX = 1.1;

const binary = process.env.KEFU_BIN;
if (!binary) {
  console.error('set KEFU_BIN to the path of the built kefu');
  process.exit(64);
}
// All come from one address here.
for (const limit of ['ADDRESS_REQUESTS', 'ADDRESS_SESSIONS', 'VISITOR_MESSAGES']) {
  process.env[`KEFU_SERVE_RATE_${limit}_PER_MINUTE`] = '0';
}

const server = new Server(binary, process.env.KEFU_WEB);
const browser = await openBrowser();
try {
  await server.start();
  const begin = Date.now();
  const crowd = new Crowd(server);
  let made = 0;
  const make = async () => {
    while (made < conversations) {
      made += 1;
      await crowd.arrive(`Visitor ${made}`, `Hello, this is ${made}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, make));
  console.log(`${conversations} conversations made in ${Math.round((Date.now() - begin) / 1000)} s`);

  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const agent = new Agent('agent', server, await context.newPage(), [], 'bench');
  const { page } = agent;
  await agent.signIn(server.agents[0]);
  const { items } = await ask(agent, 'GET', 'conversations?view=all&limit=1');
  const oldest = conversations - 1;
  await page.click('.tabs .tab >> nth=-2');
  await page.waitForSelector(`.row:has-text(${JSON.stringify(items[0].visitor.name)})`);
  const cdp = await context.newCDPSession(page);
  await cdp.send('Performance.enable');
  const before = await memory(cdp);

  const tasks = await tasksOf(browser, page, async () => {
    for (const direction of [1, -1]) await scroll(page, direction, false);
  });
  const once = await memory(cdp);
  const ways = [];
  for (const direction of [1, -1]) ways.push(await scroll(page, direction, true));
  const twice = await memory(cdp);

  const rows = Math.max(...ways.map((way) => way.rows));
  const gaps = ways.reduce((sum, way) => sum + way.gaps, 0);
  const frames = ways.reduce((sum, way) => sum + way.frames, 0);
  const reached = ways[0].last;
  const each = (once.heap - before.heap) / reached;
  const long = tasks.filter((ms) => ms > LONG_MS);
  console.log(`${reached} rows reached, ${frames} frames, ${gaps} with a gap; at most ${rows} rows in the page`);
  console.log(`tasks over ${LONG_MS} ms of processor time: ${summary(long)}; the longest ${longest(tasks)} ms`);
  console.log(
    `memory in use: ${mebibytes(before.heap)} MiB, once through ${mebibytes(once.heap)} MiB (${Math.round(each)} bytes a row), twice ${mebibytes(twice.heap)} MiB`,
  );
  console.log(`nodes: ${before.nodes}, ${once.nodes}, ${twice.nodes}`);
  const wrong = [
    reached < oldest && 'the last row was not reached',
    gaps > 0 && 'rows were missing',
    rows > ROWS_MAX && 'too many rows in the page',
    long.length > 0 && 'the page was kept busy',
    each > BYTES_EACH_MAX && 'too much memory for each row',
    twice.heap > once.heap * GROWTH_MAX && 'memory grew the second time',
  ].filter(Boolean);
  if (wrong.length > 0) {
    console.error(wrong.join('; '));
    process.exitCode = 1;
  }
} finally {
  await browser.close();
  await server.remove();
}

/** To the end, which moves while more is loaded, or back; perhaps looks at each frame before it is painted. */
function scroll(page, direction, isLooking) {
  return page.evaluate(
    async ([direction, isLooking, step, padding]) => {
      const list = document.querySelector('.list-scroll');
      const seen = { frames: 0, gaps: 0, rows: 0, last: 0 };
      const look = () => {
        const { left, top, bottom, width } = list.getBoundingClientRect();
        seen.frames += 1;
        seen.rows = Math.max(seen.rows, list.querySelectorAll('.row').length);
        for (let y = top + padding + 1; y < bottom - padding; y += 25) {
          const there = document.elementFromPoint(left + width / 2, y);
          if (there?.closest('li, .list-more')) continue;
          seen.gaps += 1;
          break;
        }
        const last = [...list.querySelectorAll('li')].map((each) => Number(each.getAttribute('aria-posinset')));
        seen.last = Math.max(seen.last, ...last);
      };
      const isDone = () =>
        direction > 0
          ? list.scrollTop + list.clientHeight >= list.scrollHeight - 1 && !list.querySelector('.list-more')
          : list.scrollTop === 0;
      while (!isDone()) {
        list.scrollTop += direction * step;
        await new Promise(requestAnimationFrame);
        if (isLooking) look();
      }
      return seen;
    },
    [direction, isLooking, STEP_PX, PADDING_PX],
  );
}

/** What is left when all that nobody needs is gone. */
async function memory(cdp) {
  await cdp.send('HeapProfiler.collectGarbage');
  const { metrics } = await cdp.send('Performance.getMetrics');
  const of = (name) => metrics.find((each) => each.name === name).value;
  return { heap: of('JSHeapUsedSize'), nodes: of('Nodes') };
}

function mebibytes(bytes) {
  return (bytes / 1024 / 1024).toFixed(1);
}
