/*
 * What Lighthouse says of a page with the widget, beside the same page without it, and of the console.
 *
 *   KEFU_BIN=…/kefu npm run lighthouse            Lighthouse itself comes from npm, which needs a network the first time
 *
 * Fails when the widget costs its page more than a point, or when a page of ours has less than all points for what does
 * not depend on the machine: accessibility and best practices. What was found wanting is listed.
 */
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { Rest } from '../e2e/rest.mjs';
import { Server } from '../e2e/server.mjs';

const LIGHTHOUSE = 'lighthouse@12.8.2';
const CATEGORIES = ['performance', 'accessibility', 'best-practices'];
const DELTA_MAX = 1;
/** Of what is measured by the clock, the best of so many is the least disturbed. */
const RUNS = Number(process.env.BENCH_RUNS ?? 3);

const binary = process.env.KEFU_BIN;
if (!binary) {
  console.error('set KEFU_BIN to the path of the built kefu');
  process.exit(64);
}
const server = new Server(binary, process.env.KEFU_WEB);
const paragraphs = Array.from({ length: 40 }, (_, at) => `<h2>Goods ${at}</h2><p>${'What they are made of. '.repeat(20)}</p>`);
const site = createServer(({ url }, answer) => {
  answer.setHeader('content-type', url === '/robots.txt' ? 'text/plain' : 'text/html; charset=utf-8');
  answer.setHeader('cache-control', 'max-age=600');
  const loader = `<script async src="${server.origin}/widget/loader.js" data-inbox="web"></script>`;
  const body = `<main><h1>Shop</h1>${paragraphs.join('')}</main>${url === '/with' ? loader : ''}`;
  answer.end(
    url === '/robots.txt'
      ? 'User-agent: *\n'
      : `<!doctype html><html lang="en"><head><meta name="viewport" content="width=device-width"><meta name="description" content="Goods"><title>Shop</title></head><body>${body}</body></html>`,
  );
});
try {
  await server.start();
  await new Promise((resolve) => site.listen(0, '127.0.0.1', resolve));
  const shop = `http://127.0.0.1:${site.address().port}`;
  const rest = new Rest(server);
  const { token } = await rest.signIn(server.agents[0]);
  await rest.visit('Li Na', 'Where is my parcel?');
  const without = await best('a page without the widget', `${shop}/without`);
  const having = await best('the same with the widget', `${shop}/with`);
  const desktop = ['--preset=desktop'];
  const signedIn = [`--extra-headers=${JSON.stringify({ Cookie: `kefu_session=${token}` })}`];
  const ours = [
    having,
    await best('the demo shop', `${server.origin}/demo`),
    // By a 401 it learns that nobody is signed in, and browsers take every 401 down as an error.
    await best('the console before one signs in', `${server.origin}/console/`, [
      ...desktop,
      '--skip-audits=errors-in-console',
    ]),
    await best('the console, signed in', `${server.origin}/console/#/inbox/all`, [...desktop, ...signedIn]),
  ];
  const delta = without.performance - having.performance;
  console.log(`the widget costs its page ${delta} points of performance, at most ${DELTA_MAX}`);
  const isFlawed = ours.some((scores) => scores.accessibility < 100 || scores['best-practices'] < 100);
  if (delta > DELTA_MAX || isFlawed) process.exitCode = 1;
} finally {
  site.close();
  site.closeAllConnections();
  await server.remove();
}

/** The points of a page, the best of some runs, and what cost it some. */
async function best(name, url, options = []) {
  let found = null;
  for (let run = 0; run < RUNS; run += 1) {
    const report = await lighthouse(url, options);
    if (!found || points(report, 'performance') > points(found, 'performance')) found = report;
  }
  const scores = Object.fromEntries(CATEGORIES.map((category) => [category, points(found, category)]));
  console.log(`${name}: ${Object.entries(scores).map(([what, score]) => `${what} ${score}`).join(', ')}`);
  const wanting = CATEGORIES.flatMap((category) => found.categories[category].auditRefs)
    .filter(({ weight }) => weight > 0)
    .map(({ id }) => found.audits[id])
    .filter(({ score }) => score !== null && score < 0.9);
  for (const { id, title, displayValue = '', details } of wanting) {
    console.log(`  ${id}: ${title} ${displayValue}`);
    for (const item of details?.items?.slice(0, 5) ?? []) {
      console.log(`    ${item.node?.snippet ?? item.description ?? item.url ?? JSON.stringify(item).slice(0, 200)}`);
    }
  }
  return scores;
}

function points({ categories }, category) {
  return Math.round(categories[category].score * 100);
}

async function lighthouse(url, options) {
  const args = [
    'exec', '--yes', `--package=${LIGHTHOUSE}`, '--', 'lighthouse', url, '--quiet', '--output=json',
    '--chrome-flags=--headless=new --no-sandbox --disable-gpu', `--only-categories=${CATEGORIES}`, ...options,
  ];
  const env = { ...process.env, CHROME_PATH: process.env.KEFU_CHROMIUM ?? '/usr/bin/chromium' };
  const child = spawn('npm', args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (more) => (printed += more));
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`lighthouse ended with ${code} for ${url}`);
  return JSON.parse(printed);
}
