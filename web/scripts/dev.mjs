/*
 * The pages of `dist/` in front of a running kefu, so that a change of them needs no new binary.
 *
 *   kefu serve --demo --listen 127.0.0.1:8080
 *   npm run dev -- http://127.0.0.1:8080      then, after each change, npm run build
 */
import { readFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DIST } from './files.mjs';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Answers for the pages from `dist` and asks `upstream` for all else; resolves to `{ origin, close }`. */
export async function serveDist(upstream, dist, port = 0) {
  const { hostname, port: upstreamPort } = new URL(upstream);
  const server = createServer(async (incoming, answer) => {
    const head = await forward(incoming, hostname, upstreamPort).catch(() => null);
    if (head === null) return void answer.writeHead(502).end('kefu does not answer\n');
    const file = pageFile(dist, incoming.url);
    const body = file && (await readFile(file).catch(() => null));
    if (!body) {
      answer.writeHead(head.statusCode, head.headers);
      return void head.pipe(answer);
    }
    head.resume();
    // The binary's policy, with this file: what is not yet in the binary is as strict as what is.
    const policy = head.headers['content-security-policy'];
    answer.writeHead(200, {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      'cache-control': 'no-store',
      ...(policy && { 'content-security-policy': policy }),
    });
    answer.end(body);
  });
  server.on('upgrade', (incoming, socket, first) => {
    const through = connect(Number(upstreamPort), hostname, () => {
      const lines = [`${incoming.method} ${incoming.url} HTTP/1.1`];
      for (let at = 0; at < incoming.rawHeaders.length; at += 2) {
        lines.push(`${incoming.rawHeaders[at]}: ${incoming.rawHeaders[at + 1]}`);
      }
      through.write(`${lines.join('\r\n')}\r\n\r\n`);
      through.write(first);
      through.pipe(socket).pipe(through);
    });
    through.on('error', () => socket.destroy());
    socket.on('error', () => through.destroy());
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return {
    origin,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function forward(incoming, hostname, port) {
  return new Promise((resolve, reject) => {
    const { method, url: path, headers } = incoming;
    const asked = request({ hostname, port, method, path, headers }, resolve);
    asked.on('error', reject);
    incoming.pipe(asked);
  });
}

/** The file that a path of the pages names; null for everything else. */
function pageFile(dist, url) {
  const { pathname } = new URL(url, 'http://localhost');
  const path = pathname === '/demo' ? '/demo/' : pathname;
  if (!/^\/(console|widget|demo)\//.test(path)) return null;
  return join(dist, normalize(path.endsWith('/') ? `${path}index.html` : path));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { origin } = await serveDist(process.argv[2] ?? 'http://127.0.0.1:8080', DIST, 5173);
  console.log(`${origin}/console/ and ${origin}/demo`);
}
