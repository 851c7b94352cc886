/*
 * What people do, in Chromium, through the built pages and the real binary.
 *
 *   KEFU_BIN=…/kefu npm run e2e                    everything in `specs/`
 *   KEFU_BIN=…/kefu npm run e2e -- conversation    only these
 *
 * Every spec gets a demo server and a store of its own. Pictures go to `e2e/out/<spec>/`. With `KEFU_WEB=dist` the pages
 * come from that folder instead of the binary.
 */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expectAccessible } from './accessible.mjs';
import { openBrowser } from './browser.mjs';
import { PATIENCE_MS } from './people.mjs';
import { Server } from './server.mjs';

const binary = process.env.KEFU_BIN;
if (!binary) {
  console.error('set KEFU_BIN to the path of the built kefu');
  process.exit(64);
}

const known = (await readdir(new URL('specs', import.meta.url))).map((file) =>
  file.replace(/\.mjs$/, ''),
);
const chosen = process.argv.slice(2);
for (const name of chosen) {
  if (known.includes(name)) continue;
  console.error(`there is no spec ${name}; there are: ${known.join(', ')}`);
  process.exit(64);
}

const browser = await openBrowser();

async function eventually(what, check) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    if (await check()) return;
    if (Date.now() > end) throw new Error(`not within ${PATIENCE_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What is being done, for whoever reads of a failure. */
let doing = '';

async function stage(name, work) {
  doing = name;
  const begin = Date.now();
  await work();
  console.log(`ok   ${name} (${Date.now() - begin} ms)`);
}

async function run(name) {
  const { default: spec, prepare } = await import(new URL(`specs/${name}.mjs`, import.meta.url));
  // What the server needs beside it; null if this machine does not have it.
  const beside = prepare ? await prepare() : {};
  if (beside === null) return;
  const server = new Server(binary, process.env.KEFU_WEB, beside.env);
  const problems = [];
  const people = [];
  try {
    await server.start();
    await spec({
      server,
      beside,
      stage,
      eventually,
      expectAccessible,
      /** A person in a browser of their own. */
      async person(Kind, who, options = {}, prepare = () => undefined) {
        const viewport = { width: 1440, height: 900 };
        const context = await browser.newContext({ viewport, ...options });
        await prepare(context);
        const one = new Kind(who, server, await context.newPage(), problems, name);
        people.push(one);
        return one;
      },
      /** The same person in one more tab. */
      async tab(one, who) {
        const page = await one.page.context().newPage();
        const other = new one.constructor(who, server, page, problems, name);
        people.push(other);
        return other;
      },
    });
    assert.deepEqual(problems, [], problems.join('\n'));
  } catch (error) {
    // What they saw when it went wrong.
    for (const one of people) await one.picture('failed').catch(() => undefined);
    throw error;
  } finally {
    await Promise.all(people.map((one) => one.page.context().close().catch(() => undefined)));
    await server.remove();
    await beside.end?.();
  }
}

/** Why a spec failed, in one line; nothing if it passed. */
async function failure(name) {
  console.log(`# ${name}`);
  doing = 'the start of the server';
  try {
    await run(name);
    return undefined;
  } catch (error) {
    console.error(`FAILED ${name}\n${error.stack}`, error.cause ?? '');
    const why = String(error.message).replace(/\s+/g, ' ').slice(0, 600);
    return `FAILED ${name}, in “${doing}”: ${why}`;
  }
}

const failed = [];
try {
  for (const name of chosen.length > 0 ? chosen : known) {
    const why = await failure(name);
    if (why) failed.push(why);
  }
} finally {
  await browser.close();
}
if (failed.length > 0) {
  console.error(failed.join('\n'));
  console.error(`pictures are in ${fileURLToPath(new URL('out', import.meta.url))}`);
  // A spec that failed half way may have left something open.
  process.exit(1);
} else {
  console.log('all specs passed');
}
