import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { serveDist } from '../scripts/dev.mjs';

const START_TIMEOUT_MS = 30_000;

/** `kefu serve --demo` on a data directory that outlives the process. */
export class Server {
  #binary;
  #dist;
  #folder;
  #child = null;
  #proxy = null;
  #own = '';
  #env;
  /** What people open. */
  origin = '';
  agents = [];

  /** With `dist` the pages come from that folder; `env` are settings. */
  constructor(binary, dist, env = {}) {
    this.#binary = binary;
    this.#dist = dist;
    this.#env = env;
  }

  /** Starts it, the second time on the same port and data; resolves once it says that it listens. */
  async start() {
    this.#folder ??= await mkdtemp(join(tmpdir(), 'kefu-e2e-'));
    const listen = this.#own ? new URL(this.#own).host : '127.0.0.1:0';
    const args = ['serve', '--demo', '--listen', listen, '--data-dir', this.#folder];
    const env = { ...process.env, ...this.#env };
    const child = spawn(this.#binary, args, { stdio: ['ignore', 'pipe', 'inherit'], env });
    this.#child = child;
    const isFirst = this.#own === '';
    const log = [];
    await new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no start within 30 s:\n${log.join('\n')}`)),
        START_TIMEOUT_MS,
      );
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`ended with ${code}:\n${log.join('\n')}`)));
      createInterface({ input: child.stdout }).on('line', (line) => {
        log.push(line);
        this.#take(line);
        if (this.#own && (!isFirst || this.agents.length >= 2)) {
          clearTimeout(timer);
          resolve();
        }
      });
    });
    child.removeAllListeners('exit');
    if (this.#dist) this.#proxy ??= await serveDist(this.#own, this.#dist);
    this.origin = this.#proxy?.origin ?? this.#own;
    await this.#ready();
  }

  /** Pulls the plug. */
  async kill() {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async remove() {
    await this.kill();
    this.#proxy?.close();
    if (this.#folder) await rm(this.#folder, { recursive: true, force: true });
  }

  #take(line) {
    const listening = /listening on (http:\/\/\S+)/.exec(line);
    if (listening) this.#own = listening[1].replace(/\/$/, '');
    const agent = /^agent\s+(\S+)\s+password\s+(\S+)/.exec(line.trim());
    if (agent) this.agents.push({ email: agent[1], password: agent[2] });
  }

  async #ready() {
    const end = Date.now() + START_TIMEOUT_MS;
    for (;;) {
      const answer = await fetch(`${this.origin}/demo`).catch(() => null);
      if (answer?.ok) return;
      if (Date.now() > end)
        throw new Error(`${this.origin}/demo does not answer: ${answer?.status}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
