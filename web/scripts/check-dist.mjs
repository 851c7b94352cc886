/*
 * Builds anew beside the committed `dist/` and compares file by file; then holds the pages against
 * the content security policy that they are served with: nothing inline, no `eval`, no other host.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { build } from './build.mjs';
import { DIST, filesUnder } from './files.mjs';

/** What no file may hold; scripts may speak of markup, as in the examples that people copy. */
const FORBIDDEN = [
  ['inline script', /\.html$/, /<script(?![^>]*\ssrc=)/i],
  ['inline style', /\.html$/, /<style|<[a-z][^>]*\sstyle=/i],
  ['inline handler', /\.html$/, /<[a-z][^>]*\son[a-z]+=/i],
  ['eval', /\.js$/, /\beval\(|\bnew Function\(/],
  [
    'another host',
    /\.(html|js|css)$/,
    /(src|href)=["']?(https?:)?\/\/|@import\s+(url\()?["']?(https?:)?\/\/|url\(["']?(https?:)?\/\//i,
  ],
];

const fresh = await mkdtemp(join(tmpdir(), 'kefu-web-'));
try {
  await build(fresh);
  const [built, committed] = await Promise.all([filesUnder(fresh), filesUnder(DIST)]);
  const wrong = [];
  for (const path of new Set([...built, ...committed])) {
    const [left, right] = await Promise.all([content(fresh, path), content(DIST, path)]);
    if (left === null) wrong.push(`${path}: is not built any more`);
    else if (right === null) wrong.push(`${path}: is missing`);
    else if (!left.equals(right)) wrong.push(`${path}: differs`);
  }
  for (const path of built) {
    if (!/\.(html|js|css)$/.test(path)) continue;
    const text = await readFile(join(fresh, path), 'utf8');
    for (const [what, files, pattern] of FORBIDDEN) {
      if (files.test(path) && pattern.test(text)) wrong.push(`${path}: ${what}`);
    }
  }
  if (wrong.length > 0) {
    console.error(`dist/ is not right, run "npm run build" first:\n  ${wrong.join('\n  ')}`);
    process.exitCode = 1;
  } else {
    console.log(`dist/ is up to date, ${built.length} files`);
  }
} finally {
  await rm(fresh, { recursive: true, force: true });
}

/** Compressed copies are compared by what they hold: the compressors change with Node's release. */
async function content(root, path) {
  const bytes = await readFile(join(root, path)).catch(() => null);
  if (bytes === null) return null;
  if (path.endsWith('.gz')) return gunzipSync(bytes);
  return path.endsWith('.br') ? brotliDecompressSync(bytes) : bytes;
}
