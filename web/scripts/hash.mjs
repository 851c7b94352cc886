/*
 * The hash of everything that `dist/` is built from, kept in `dist/source-hash.txt`, so that a test
 * which has no Node can tell whether the committed build belongs to the committed source.
 *
 * Files: every regular file under `web/` except what lies in `dist/`, `node_modules/` or `e2e/out/`
 * (these three as paths from `web/`; links are not followed).
 * Order: by the bytes of the UTF-8 path, relative to `web/`, separated by `/`.
 * Hash:  SHA-256 over, for each file,  path 0x00 length 0x00 bytes
 *        where length is the number of bytes in decimal ASCII digits.
 * File:  64 lower-case hexadecimal digits and a line feed.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { filesUnder, WEB } from './files.mjs';

const SKIPPED = new Set(['dist', 'node_modules', 'e2e/out']);

export async function sourceHash(root = WEB) {
  const hash = createHash('sha256');
  for (const path of await filesUnder(root, (each) => SKIPPED.has(each))) {
    const bytes = await readFile(join(root, path));
    hash.update(`${path}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex');
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(await sourceHash());
}
