/* Keeps the built pages within their budgets, in bytes after gzip. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DIST, filesUnder } from './files.mjs';

const KB = 1024;
const BUDGETS = [
  { name: 'widget loader', limit: 4 * KB, files: /^widget\/loader\.js$/ },
  { name: 'widget, script and style', limit: 35 * KB, files: /^widget\/assets\/.*\.(js|css)$/ },
  {
    name: 'console, first load',
    limit: 150 * KB,
    files: /^console\/(index\.html|assets\/.*\.(js|css))$/,
  },
];

const paths = await filesUnder(DIST);
for (const { name, limit, files } of BUDGETS) {
  let size = 0;
  for (const path of paths.filter((each) => files.test(each))) {
    size += gzipSync(await readFile(join(DIST, path)), { level: 9 }).length;
  }
  const fits = size > 0 && size <= limit;
  console.log(`${fits ? 'ok  ' : 'OVER'} ${name}: ${(size / KB).toFixed(1)} of ${limit / KB} KB`);
  if (!fits) process.exitCode = 1;
}
