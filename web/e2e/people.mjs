import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OUT = fileURLToPath(new URL('out', import.meta.url));
/** Longer than the longest pause between two attempts to connect. */
export const PATIENCE_MS = Number(process.env.KEFU_E2E_PATIENCE_MS ?? 45_000);

/** A person in a browser of their own, and everything that went wrong in front of them. */
class Person {
  constructor(name, server, page, problems, spec) {
    this.name = name;
    this.folder = join(OUT, spec);
    this.server = server;
    this.page = page;
    this.received = [];
    this.requested = [];
    /** Pages and requests may come from these; a spec with a site of its own adds that. */
    this.origins = new Set([server.origin]);
    /** WebSockets that are open now. */
    this.sockets = new Set();
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => problems.push(`${name}: ${error.stack}`));
    page.on('console', (message) => {
      const text = message.text();
      if (/Content Security Policy|Trusted Type/i.test(text)) problems.push(`${name}: ${text}`);
    });
    page.on('request', (request) => {
      const { origin, protocol } = new URL(request.url());
      this.requested.push(request.url());
      if (protocol.startsWith('http') && !this.origins.has(origin)) {
        problems.push(`${name}: asked another host: ${request.url()}`);
      }
    });
    page.on('response', async (response) => {
      if (!response.url().includes('/api/v1/') || response.url().endsWith('/stream')) return;
      this.received.push(await response.text().catch(() => ''));
    });
    // A page that is left says nothing of the end of its sockets.
    page.on('framenavigated', (frame) => {
      if (frame === page.mainFrame()) this.sockets.clear();
    });
    page.on('websocket', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('framereceived', ({ payload }) => this.received.push(String(payload)));
    });
  }

  async picture(label) {
    await mkdir(this.folder, { recursive: true });
    await this.page.screenshot({ path: join(this.folder, `${this.name}-${label}.png`) });
  }
}

export class Visitor extends Person {
  /** Opens the shop; `openChat` is apart, for the chat begins only when it is wanted. */
  async visit(query = '') {
    await this.page.goto(`${this.server.origin}/demo${query}`);
    await this.page.waitForFunction(() => globalThis.kefu?.loaded === true);
    await this.page.evaluate(() => {
      globalThis.unread = 0;
      globalThis.kefu('on', 'unread', (count) => {
        globalThis.unread = count;
      });
    });
  }

  get #frame() {
    return this.page.frames().find((each) => each.url().includes('/widget/frame.html'));
  }

  get chat() {
    const frame = this.#frame;
    if (!frame) throw new Error(`${this.name}: the chat is not open`);
    return frame;
  }

  async openChat() {
    await this.page.click('.hero-actions .primary');
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      while (!this.#frame && Date.now() < end) await this.page.waitForTimeout(20);
      try {
        return await this.#reachComposer(this.chat);
      } catch (error) {
        // A frame that does not answer is replaced by another one.
        if (!/detached/i.test(error.message) || Date.now() > end) throw error;
      }
    }
  }

  async #reachComposer(chat) {
    await chat.waitForSelector('.composer textarea, .offline-form, .home-greeting');
    // There are articles: the chat is behind them.
    if (await chat.isVisible('.home-greeting')) {
      await chat.click('.scroll > .button.is-primary');
      await chat.waitForSelector('.composer textarea, .offline-form');
    }
    // Nobody is there: the chat is behind the form for a message.
    if (await chat.isVisible('.offline-form')) {
      await chat.click('.offline-form > .link-button');
      await chat.waitForSelector('.composer textarea');
    }
  }

  async write(text) {
    await this.chat.fill('.composer textarea', text);
    await this.chat.press('.composer textarea', 'Enter');
  }

  async sees(text) {
    await this.chat.waitForSelector(`.bubble:has-text(${JSON.stringify(text)})`);
  }

  /** Texts of all bubbles of one side. */
  bubbles(side) {
    return this.chat.$$eval(`.is-${side}:not(.is-bare) .message-text`, (all) =>
      all.map((each) => each.textContent),
    );
  }

  unread() {
    return this.page.evaluate(() => globalThis.unread);
  }

  /** Whether anything of the chat has run; its files may be there before. */
  async hasBegun() {
    const frame = this.#frame;
    if (!frame) return false;
    // A page that is not read yet has neither begun nor what it shows before that.
    return frame.evaluate(
      () => document.readyState !== 'loading' && document.querySelector('#app > .fallback') === null,
    );
  }
}

export class Agent extends Person {
  async signIn({ email, password }) {
    await this.page.goto(`${this.server.origin}/console/`);
    await this.page.fill('input[type=email]', email);
    await this.page.fill('input[type=password]', password);
    await this.page.keyboard.press('Enter');
    await this.page.waitForSelector('.rail-item > .dot.is-online');
  }

  /** Chooses one of the three states in the menu of the own picture. */
  async setStatus(status) {
    await this.page.click('.rail > .popover-root:last-child > button');
    const answer = this.page.waitForResponse((each) => each.url().endsWith('/agents/me/status'));
    await this.page.click(`.status-menu .menu-item:has(.status-mark.is-${status})`);
    await answer;
    // Where there is a reason to choose, the menu stays.
    if (await this.page.isVisible('.status-menu')) await this.page.keyboard.press('Escape');
  }

  /** Opens the conversation whose last message is `text`, in the tab with this number. */
  async open(tab, text) {
    // A list keeps its rows where they are while the pointer is over it.
    await this.page.mouse.move(0, 0);
    await this.page.keyboard.press(`Alt+${tab}`);
    await this.page.click(`.row:has-text(${JSON.stringify(text)})`);
    await this.sees(text);
  }

  async write(text) {
    await this.page.fill('.composer textarea', text);
    await this.page.press('.composer textarea', 'Enter');
  }

  async sees(text) {
    await this.page.waitForSelector(`.bubble:has-text(${JSON.stringify(text)})`);
  }

  bubbles(side) {
    return this.page.$$eval(`.chat-pane .is-${side} .message-text`, (all) =>
      all.map((each) => each.textContent),
    );
  }
}
