/*
 * From the click that opens the chat to the acknowledgement of a first message, as the visitor sees it: somebody new, on
 * this machine, with a processor slowed down four times. Fails when a median is over the limit.
 *
 *   KEFU_BIN=…/kefu npm run bench:open                  with KEFU_WEB=dist the pages come from that folder
 *   KEFU_BIN=…/kefu npm run bench:open -- ../before     in turns with the build in another folder
 *
 * The clock starts with the launcher's click and stops when the tick of the message is in the page, which is written and
 * sent in the first frame that has a field for it. It is opened in three ways: by a mouse that travels to the button, stops
 * and presses as people do, on which the chat begins as it does on every site; by a finger, which rests on the button for as
 * long as a tap takes; and without notice, as by a button of the site's own. The page has been open for three seconds then,
 * and the chat's files are there, of which nothing has run. The last two are measured once more with nothing there, as
 * straight after the page has come, or where the browser saves data.
 *
 *   BENCH_RUNS=3 BENCH_WAYS=finger …                    fewer runs, and only ways of such a name
 *
 * Where the time goes stands below each way: when which step was reached, and, of runs without the slow-down, the main
 * thread's own clock, which stands still while somebody else has the processor.
 */
import { loadavg } from 'node:os';
import { openBrowser } from '../e2e/browser.mjs';
import { Agent } from '../e2e/people.mjs';
import { Server } from '../e2e/server.mjs';
import { serveDist } from '../scripts/dev.mjs';
import { BY_FINGER, BY_MOUSE, WITHOUT_NOTICE } from './pointer.mjs';
import { median, quantile, workBetween } from './work.mjs';

const LIMIT_MS = 300;
const RUNS = Number(process.env.BENCH_RUNS ?? 10);
const SLOWER = 4;
/** So long the page is open before. */
const OPEN_MS = 3_000;
const WAYS = [
  ...[BY_MOUSE, BY_FINGER, WITHOUT_NOTICE],
  ...[BY_FINGER, WITHOUT_NOTICE].map((way) => ({ ...way, name: `${way.name}, nothing there`, prepare: saveData, isWithoutLimit: true })),
].filter(({ name }) => name.includes(process.env.BENCH_WAYS ?? ''));
/** In the order in which a chat that is not loaded yet reaches them. */
const STEPS = [
  'frame',
  'parsed',
  'evaluated',
  'begun',
  'field',
  'written',
  'sent',
  'socket',
  'hello',
  'resumed',
  'ack',
  'acknowledged',
];

const binary = process.env.KEFU_BIN;
if (!binary) {
  console.error('set KEFU_BIN to the path of the built kefu');
  process.exit(64);
}
const [before] = process.argv.slice(2);
const server = new Server(binary, before ? undefined : process.env.KEFU_WEB);
const browser = await openBrowser();
const proxies = [];
try {
  await server.start();
  const desk = await browser.newContext();
  const agent = new Agent('agent', server, await desk.newPage(), [], 'bench');
  await agent.signIn(server.agents[0]);
  const builds = before ? await beside({ now: process.env.KEFU_WEB ?? 'dist', before }) : { now: server.origin };
  for (const way of WAYS) {
    const found = Object.fromEntries(Object.keys(builds).map((name) => [name, { clock: [], work: [] }]));
    // The first of each warms up what keeps warm.
    for (let run = -1; run < RUNS; run += 1) {
      for (const [name, origin] of Object.entries(builds)) {
        const clock = await once(origin, way, slowed);
        const work = await once(origin, way, traced);
        if (run >= 0) {
          found[name].clock.push(clock);
          found[name].work.push(work);
        }
      }
    }
    for (const [name, runs] of Object.entries(found)) {
      const passed = report(before ? `${way.name}, ${name}` : way.name, runs);
      if (name === 'now' && passed > LIMIT_MS && !way.isWithoutLimit) process.exitCode = 1;
    }
  }
  console.log(`load of the machine: ${loadavg()[0].toFixed(1)}; limit ${LIMIT_MS} ms`);
} finally {
  await browser.close();
  for (const proxy of proxies) proxy.close();
  await server.remove();
}

/** The same server behind pages of several builds. */
async function beside(folders) {
  const origins = {};
  for (const [name, folder] of Object.entries(folders)) {
    const proxy = await serveDist(server.origin, folder);
    proxies.push(proxy);
    origins[name] = proxy.origin;
  }
  return origins;
}

async function once(origin, way, measured) {
  const context = await browser.newContext(way.context);
  const page = await context.newPage();
  await page.addInitScript(writeAtOnce);
  if (way.prepare) await page.addInitScript(way.prepare);
  await page.goto(`${origin}/demo?inbox=shop-en&lang=en`);
  await page.waitForFunction(() => document.querySelector('html > div') !== null);
  await page.waitForTimeout(OPEN_MS);
  const session = await context.newCDPSession(page);
  const result = await measured(page, session, async () => {
    // A promise: what looks again in every frame would take part of each.
    const acknowledged = page.evaluate(() => new Promise((resolve) => (globalThis.tell = resolve)));
    await way.open(page, session);
    await acknowledged;
  });
  await context.close();
  return result;
}

/** When each step was reached by the clock, on a slow processor. */
async function slowed(page, session, act) {
  await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
  await act();
  const noted = await page.evaluate(() => Object.fromEntries(globalThis.noted));
  return sinceClick(noted);
}

/** When by the main thread's clock, and what it did until the end. */
async function traced(page, _, act) {
  await browser.startTracing(page, { categories: ['blink.user_timing', 'devtools.timeline', 'v8', 'toplevel'] });
  await act();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const marks = new Map(traceEvents.filter(({ cat, tts }) => cat.includes('user_timing') && tts).map((mark) => [mark.name, mark]));
  const cpu = Object.fromEntries([...marks].map(([name, { tts }]) => [name, tts / 1000]));
  return { cpu: sinceClick(cpu), ...workBetween(traceEvents, marks.get('clicked'), marks.get('acknowledged')) };
}

function sinceClick({ clicked, ...steps }) {
  return Object.fromEntries(Object.entries(steps).map(([name, at]) => [name, at - clicked]));
}

/** Prints what was found; returns the median. */
function report(name, { clock, work }) {
  const each = clock.map(({ acknowledged }) => Math.round(acknowledged));
  const passed = median(each);
  console.log(`\n${name}: acknowledged after ${passed} ms (median), ${quantile(each, 0.9)} ms (p90)`);
  console.log(`  each: ${each.join(', ')} ms`);
  console.log('  step             clock, slowed   processor time');
  for (const step of STEPS) {
    const at = (all) => median(all.flatMap((one) => one[step] ?? []));
    console.log(`  ${step.padEnd(14)} ${ms(at(clock))}        ${ms(at(work.map(({ cpu }) => cpu)))}`);
  }
  const kinds = Object.keys(work[0].spent);
  const spent = kinds.map((kind) => `${kind} ${median(work.map((one) => one.spent[kind])).toFixed(1)}`);
  console.log(`  of the processor time: ${spent.join(', ')} ms`);
  const counted = Object.keys(work[0].counts).map((what) => `${median(work.map((one) => one.counts[what]))} ${what}`);
  console.log(`  ${counted.join(', ')}`);
  return passed;
}

function ms(value) {
  return value === undefined ? '       –   ' : `${value.toFixed(1).padStart(8)} ms`;
}

/** In the page: its browser saves data, so that nothing comes before it is wanted. */
function saveData() {
  Object.defineProperty(navigator, 'connection', { value: { saveData: true } });
}

/** In the page: notes the click. In the frame: notes what is reached, and writes as soon as it can. */
function writeAtOnce() {
  const { top } = globalThis;
  const note = (name) => {
    if (top.noted.has(name)) return;
    performance.mark(name);
    top.noted.set(name, performance.timeOrigin + performance.now());
  };
  if (globalThis === top) {
    globalThis.noted = new Map();
    addEventListener('click', () => note('clicked'), true);
    return;
  }
  note('frame');
  document.addEventListener('readystatechange', () => note('parsed'));
  document.addEventListener('DOMContentLoaded', () => note('evaluated'));
  addEventListener('message', () => note('begun'));
  const Plain = WebSocket;
  globalThis.WebSocket = class extends Plain {
    constructor(...args) {
      super(...args);
      note('socket');
      this.addEventListener('message', ({ data }) => {
        const [, type] = /^\{"type":"(hello|resumed|ack)"/.exec(data) ?? [];
        if (type) note(type);
      });
    }
  };
  let isWritten = false;
  const look = () => {
    const field = document.querySelector('.composer textarea');
    if (field) note('field');
    // Loaded before the click, it is there before anybody can write.
    if (!isWritten && field && document.hasFocus()) {
      isWritten = true;
      note('written');
      const { set } = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value');
      set.call(field, 'Hello');
      field.dispatchEvent(new InputEvent('input', { bubbles: true }));
      requestAnimationFrame(() => {
        note('sent');
        field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
      });
    }
    if (document.querySelector('.is-own .tick.is-sent, .is-own .tick.is-read')) {
      note('acknowledged');
      top.tell?.();
    }
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
  addEventListener('focus', look, true);
}
