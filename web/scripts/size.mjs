/* Keeps the built pages within their budgets, in bytes after gzip. */
import { readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DIST, filesUnder } from './files.mjs';

const KB = 1024;
const BUDGETS = [
  { name: 'widget loader', limit: 4 * KB, files: ['widget/loader.js'] },
  ...['chatwoot', 'meiqia', 'ysf'].map((name) => ({
    name: `shim for ${name}`,
    limit: KB,
    files: [`widget/shim-${name}.js`],
  })),
  { name: 'widget, first open', limit: 35 * KB, files: await firstLoad('widget/frame.html') },
  { name: 'widget, in all', limit: 55 * KB, files: await under('widget/assets') },
  { name: 'console, first load', limit: 150 * KB, files: await firstLoad('console/index.html') },
];

for (const { name, limit, files } of BUDGETS) {
  let size = 0;
  for (const path of files) size += gzipSync(await readFile(join(DIST, path)), { level: 9 }).length;
  const fits = size > 0 && size <= limit;
  console.log(`${fits ? 'ok  ' : 'OVER'} ${name}: ${(size / KB).toFixed(1)} of ${limit / KB} KB`);
  if (!fits) process.exitCode = 1;
}

async function under(folder) {
  const files = await filesUnder(join(DIST, folder));
  return files.filter((each) => /\.(js|css)$/.test(each)).map((each) => `${folder}/${each}`);
}

/** A page, what it names, and what that imports at once: all that comes before anything is clicked. */
async function firstLoad(page) {
  const found = new Set([page]);
  for (const path of found) {
    const text = await readFile(join(DIST, path), 'utf8');
    const names = path.endsWith('.html')
      ? text.matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)
      : path.endsWith('.js')
        ? text.matchAll(/(?:^|[;}])import(?:[^"'()]*from)?["'](\.[^"']+)["']/g)
        : [];
    for (const [, name] of names) found.add(normalize(join(dirname(path), name)));
  }
  return [...found];
}
