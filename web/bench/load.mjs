/*
 * Whether the console stays quick under load: one agent has a thousand open conversations, one of them on
 * screen, while visitors write to all of them.
 *
 *   KEFU_BIN=…/kefu npm run bench:load                 1,000 conversations, 200 messages a second, 60 s
 *   KEFU_BIN=…/kefu npm run bench:load -- 500 100 20   others
 *
 * Counts the tasks that kept the page's main thread for more than 50 ms: by its processor time, which is the
 * console's own, and by the clock, which on a busy machine has the time of everybody else in it, too. The aim
 * is none; the exit code goes by processor time.
 */
import { chromium } from 'playwright-core';
import { ask, Crowd } from '../e2e/crowd.mjs';
import { Agent } from '../e2e/people.mjs';
import { Server } from '../e2e/server.mjs';
import { LONG_MS, longest, summary, tasksOf } from './tasks.mjs';

const [conversations = 1000, rate = 200, duration = 60] = process.argv.slice(2).map(Number);
/** Visitors of this many come at once while everything is made. */
const AT_ONCE = 8;

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
const browser = await chromium.launch({
  executablePath: process.env.KEFU_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
});
try {
  await server.start();
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const agent = new Agent('agent', server, await context.newPage(), [], 'bench');
  await agent.signIn(server.agents[0]);
  const me = await ask(agent, 'GET', 'auth/me');
  await ask(agent, 'PATCH', `agents/${me.id}`, { capacity: conversations + 10 });
  await agent.setStatus('online');

  const crowd = new Crowd(server);
  let made = 0;
  const make = async () => {
    while (made < conversations) {
      made += 1;
      await crowd.arrive(`Visitor ${made}`, `Hello, this is ${made}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, make));
  await agent.page.reload();
  await agent.page.waitForSelector('.row');
  await agent.page.click('.row >> nth=0');
  await agent.page.waitForSelector('.bubble');
  await agent.page.waitForTimeout(2_000);

  await agent.page.evaluate(() => {
    globalThis.blocked = [];
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) globalThis.blocked.push(Math.round(duration));
    }).observe({ type: 'longtask' });
  });
  let sent = 0;
  const tasks = await tasksOf(browser, agent.page, async () => {
    sent = await talk(crowd);
  });
  const blocked = await agent.page.evaluate(() => globalThis.blocked);

  const onProcessor = tasks.filter((ms) => ms > LONG_MS);
  const busy = tasks.reduce((sum, ms) => sum + ms, 0) / (duration * 10);
  console.log(`${conversations} conversations, ${(sent / duration).toFixed(0)} messages a second, ${duration} s`);
  console.log(`main thread: ${tasks.length} tasks, ${busy.toFixed(0)} % of one processor`);
  console.log(`over ${LONG_MS} ms by processor time: ${summary(onProcessor)}; the longest ${longest(tasks)} ms`);
  console.log(`over ${LONG_MS} ms by the clock: ${summary(blocked)}`);
  if (onProcessor.length > 0) process.exitCode = 1;
} finally {
  await browser.close();
  await server.remove();
}

/** Messages at an even pace, to one conversation after the other; resolves to how many were taken. */
async function talk(crowd) {
  const begin = performance.now();
  const under = new Set();
  let sent = 0;
  for (let at = 0; performance.now() - begin < duration * 1000; at += 1) {
    const due = begin + (at * 1000) / rate;
    const early = due - performance.now();
    if (early > 2) await new Promise((resolve) => setTimeout(resolve, early));
    // Steps that have no factor in common with the number, so that all get their turn.
    const visitor = crowd.visitors[(at * 7919) % crowd.visitors.length];
    const request = crowd.say(visitor, `Message ${at}`).then(() => (sent += 1));
    under.add(request);
    void request.finally(() => under.delete(request));
    if (under.size > rate) await Promise.race(under);
  }
  await Promise.all(under);
  return sent;
}
