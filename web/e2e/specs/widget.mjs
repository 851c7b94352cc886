/* The widget as other sites have it: commands, hostile pages, several tabs, and the end without a trace. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { Agent, Visitor } from '../people.mjs';

export default async function widget({ server, person, tab, stage, eventually }) {
  const agent = await person(Agent, 'agent', { locale: 'en' });
  await agent.signIn(server.agents[0]);
  await takesAll(agent, server.agents[0].email);

  /** Another site, and what it says at the moment. */
  let site = { page: '', files: {}, policy: undefined };
  const shop = createServer(({ url }, answer) => {
    const file = site.files[url];
    answer.setHeader('content-type', file ? 'text/javascript' : 'text/html; charset=utf-8');
    if (site.policy) answer.setHeader('content-security-policy', site.policy);
    answer.end(file ?? site.page);
  });
  await new Promise((resolve) => shop.listen(0, '127.0.0.1', resolve));
  const SITE = `http://shop.localhost:${shop.address().port}`;

  /** A visitor of that site; `page` is its HTML, `files` more of it by path, `policy` its CSP. */
  async function guest(who, page, { files = {}, policy } = {}) {
    site = { page, files, policy };
    const visitor = await person(Visitor, who, { locale: 'en' });
    visitor.origins.add(SITE);
    await visitor.page.goto(`${SITE}/`);
    return visitor;
  }
  const loader = (attributes = 'data-inbox="web"') =>
    `<script async src="${server.origin}/widget/loader.js" ${attributes}></script>`;
  // Not `waitForFunction`, which a strict policy keeps from running.
  const ready = (visitor) =>
    eventually('the loader is there', () =>
      visitor.page.evaluate(
        () => globalThis.kefu?.loaded === true && document.querySelectorAll('html > div').length === 1,
      ),
    );
  const frameOf = async (visitor) => {
    await eventually('the frame is there', () => Promise.resolve(hasFrame(visitor)));
    return visitor.chat;
  };

  await stage('a strict policy of the site, and commands from before the loader came', async () => {
    const { origin } = server;
    const policy =
      `default-src 'none'; script-src 'self' ${origin}; frame-src ${origin}; ` +
      `connect-src ${origin} ${origin.replace('http', 'ws')}; require-trusted-types-for 'script'`;
    const early = `
      window.kefu = window.kefu || function () { (kefu.q = kefu.q || []).push(arguments); };
      window.heard = [];
      for (const name of ['ready', 'open', 'close', 'message', 'conversation-started', 'rated'])
        kefu('on', name, (detail) => heard.push([name, detail]));
      kefu('setAttributes', { plan: 'gold' });
      kefu('boot', { inbox: 'web', colour: '#e23d28', locale: 'en' });
      kefu('boot', { inbox: 'web' });`;
    const page = `<!doctype html><title>Shop</title><script src="/early.js"></script>
      <p>Goods</p>${loader('')}${loader('')}`;
    const visitor = await guest('strict', page, { policy, files: { '/early.js': early } });
    await ready(visitor);
    await visitor.page.evaluate(() => globalThis.kefu('open'));
    const chat = await frameOf(visitor);
    await chat.waitForSelector('.composer textarea');
    await visitor.write('Is this sent under a strict policy?');
    await chat.waitForSelector('.is-own .tick.is-sent, .is-own .tick.is-read');
    await agent.open(1, 'Is this sent under a strict policy?');
    await agent.write('It is.');
    await visitor.sees('It is.');
    await visitor.picture('open');
    await chat.press('.composer textarea', 'Escape');
    await eventually('the site has heard of all that', async () => {
      const heard = await visitor.page.evaluate(() => globalThis.heard.map(([name]) => name));
      return ['ready', 'open', 'conversation-started', 'message', 'close'].every((name) =>
        heard.includes(name),
      );
    });
    const attributes = await agent.page.evaluate(async () => {
      const { items } = await (await fetch('/api/v1/conversations?view=mine')).json();
      const visitor = await fetch(`/api/v1/visitors/${items[0].visitor.id}`);
      return (await visitor.json()).attributes;
    });
    assert.equal(attributes.plan, 'gold');
    await visitor.page.context().close();
  });

  await stage('the keys are the chat\'s once it is open, and stay there', async () => {
    const page = `<!doctype html><title>Keys</title><body>${loader()}</body>`;
    const visitor = await guest('keys', page);
    await ready(visitor);
    await visitor.page.evaluate(() => {
      globalThis.gained = 0;
      addEventListener('focus', () => (globalThis.gained += 1));
      // The frame's page is still on its way.
      globalThis.kefu('open');
    });
    const chat = await frameOf(visitor);
    await chat.waitForSelector('.composer textarea:focus');
    await visitor.page.keyboard.type('typed');
    assert.equal(await chat.inputValue('.composer textarea'), 'typed');
    assert.equal(await visitor.page.evaluate(() => globalThis.gained), 0, 'the page took them back');
    await visitor.page.context().close();
  });

  await stage('a page that styles everything, and a router that swaps the body', async () => {
    const page = `<!doctype html><title>Old</title><style>
      * { all: unset !important } div { display: none !important; opacity: 0 !important }
      iframe { display: none !important } button { position: static !important }
      </style><body><p>x</p>${loader()}</body>`;
    const visitor = await guest('hostile', page);
    await ready(visitor);
    const { page: shop } = visitor;
    const [x, y] = [1440 - 48, 900 - 48];
    await eventually('the launcher can be hit', () =>
      shop.evaluate(
        ([x, y]) => document.elementFromPoint(x, y)?.parentElement === document.documentElement,
        [x, y],
      ),
    );
    await visitor.picture('launcher');
    await shop.mouse.click(x, y);
    const chat = await frameOf(visitor);
    await chat.waitForSelector('.composer textarea');
    await visitor.picture('open');
    await visitor.write('before the swap');
    await chat.waitForSelector('.is-own .tick.is-sent, .is-own .tick.is-read');
    await chat.evaluate(() => (globalThis.isSame = true));
    await shop.evaluate(() => {
      history.pushState({}, '', '/next');
      document.title = 'Next';
      const body = document.createElement('body');
      body.textContent = 'next';
      document.body.replaceWith(body);
    });
    assert.equal(await chat.evaluate(() => globalThis.isSame), true, 'the frame was loaded anew');
    await shop.evaluate(() => document.documentElement.querySelectorAll(':scope > div').forEach((each) => each.remove()));
    await shop.evaluate(() => globalThis.kefu('close'));
    await shop.evaluate(() => globalThis.kefu('open'));
    await eventually('it is back', async () => hasFrame(visitor));
    await visitor.chat.waitForSelector('.bubble:has-text("before the swap")');
    await eventually('the server knows the page', () =>
      Promise.resolve(visitor.requested.some((url) => url.endsWith('/widget/pages'))),
    );
    await visitor.page.context().close();
  });

  await stage('the chat is there before it is wanted, and nothing of it runs', async () => {
    const page = `<!doctype html><title>Shop</title><body><p>Goods</p>${loader()}</body>`;
    const visitor = await guest('ahead', page);
    const { page: shop } = visitor;
    const chat = await frameOf(visitor);
    const has = (pattern) => visitor.requested.some((url) => pattern.test(url));
    await eventually('its files come', () =>
      Promise.resolve(has(/\/assets\/frame-[^/]+\.js$/) && has(/\/assets\/frame-[^/]+\.css$/)),
    );
    await chat.waitForLoadState('load');
    assert.equal(await visitor.hasBegun(), false);
    assert.equal(has(/\/api\//), false);
    const stored = await chat.evaluate(() => indexedDB.databases().then(({ length }) => length, () => 0));
    assert.equal(stored, 0);
    assert.deepEqual(await keptBy(visitor, 'web'), {});
    assert.equal(await shop.evaluate(() => document.activeElement === document.body), true);
    await chat.evaluate(() => (globalThis.isSame = true));
    await shop.evaluate(() => globalThis.kefu('open'));
    await chat.waitForSelector('.composer textarea');
    assert.equal(await chat.evaluate(() => globalThis.isSame), true, 'the frame was loaded anew');
    await shop.evaluate(() => globalThis.kefu('close'));
    await shop.evaluate(() => globalThis.kefu('destroy'));
    await eventually('it is gone', () => Promise.resolve(!hasFrame(visitor)));
    await shop.reload();
    await frameOf(visitor);
    await shop.evaluate(() => globalThis.kefu('destroy'));
    await eventually('it is gone', () => Promise.resolve(!hasFrame(visitor)));
    await visitor.page.context().close();
  });

  await stage('what is destroyed before the chat comes brings none', async () => {
    const visitor = await guest('gone', '<!doctype html><title>Shop</title><body><p>Goods</p></body>');
    await visitor.page.evaluate(async (src) => {
      const script = Object.assign(document.createElement('script'), { src });
      script.dataset.inbox = 'web';
      await new Promise((resolve) => {
        script.onload = () => {
          globalThis.kefu('destroy');
          resolve();
        };
        document.head.append(script);
      });
      // Later than what would have brought it.
      await new Promise((resolve) => requestIdleCallback(() => requestIdleCallback(resolve)));
    }, `${server.origin}/widget/loader.js`);
    assert.equal(hasFrame(visitor), false);
    assert.ok(!visitor.requested.some((url) => url.includes('/widget/frame')), String(visitor.requested));
    await visitor.page.context().close();
  });

  await stage('where data is saved nothing comes before the chat is wanted', async () => {
    const saving = (connection) => `Object.defineProperty(navigator, 'connection', { value: ${JSON.stringify(connection)} });`;
    for (const connection of [{ saveData: true, effectiveType: '4g' }, { saveData: false, effectiveType: '3g' }]) {
      const page = `<!doctype html><title>Shop</title><script src="/saving.js"></script><body>${loader()}</body>`;
      const visitor = await guest('saving', page, { files: { '/saving.js': saving(connection) } });
      const { page: shop } = visitor;
      await ready(visitor);
      // Later than what would have brought it.
      await shop.evaluate(() => new Promise((resolve) => requestIdleCallback(() => requestIdleCallback(resolve))));
      assert.equal(hasFrame(visitor), false);
      assert.ok(!visitor.requested.some((url) => url.includes('/widget/frame')), String(visitor.requested));
      await shop.evaluate(() => globalThis.kefu('open'));
      await (await frameOf(visitor)).waitForSelector('.composer textarea');
      await visitor.page.context().close();
    }
  });

  await stage('what came while the network was away comes again when it is wanted', async () => {
    const visitor = await person(Visitor, 'away', { locale: 'en' });
    const context = visitor.page.context();
    await context.route('**/widget/frame.html*', (route) => route.abort());
    await visitor.visit('?inbox=shop-en&lang=en');
    await eventually('it was asked for', () =>
      Promise.resolve(visitor.requested.some((url) => url.includes('/widget/frame.html'))),
    );
    await context.unroute('**/widget/frame.html*');
    await visitor.page.evaluate(() => globalThis.kefu('open'));
    await (await frameOf(visitor)).waitForSelector('.composer textarea');
    await context.close();
  });

  await stage('destroy leaves nothing behind', async () => {
    const page = `<!doctype html><title>Shop</title><body><p>Goods</p></body>`;
    const visitor = await guest('leaving', page);
    const { page: shop } = visitor;
    const left = await shop.evaluate(COUNTING, `${server.origin}/widget/loader.js`);
    assert.deepEqual(left, { nodes: true, globals: [], listeners: 0, timers: 0, sockets: 0, observers: 0 });
    assert.equal(hasFrame(visitor), false);
    await eventually('no socket is open', () => Promise.resolve(visitor.sockets.size === 0));
    await visitor.page.context().close();
  });

  await stage('commands for text, card, language, colour, and for signing out', async () => {
    const visitor = await person(Visitor, 'commands', { locale: 'en' });
    await visitor.visit('?inbox=shop-en&lang=en');
    const command = (...args) => visitor.page.evaluate((args) => globalThis.kefu(...args), args);
    await command('sendMessage', 'Sent by the page');
    await command('open');
    const chat = await frameOf(visitor);
    await visitor.sees('Sent by the page');
    await command('sendCard', { title: 'Lamp', price: '¥329', url: `${SITE}/lamp` });
    await chat.waitForSelector('.bubble:has-text("Lamp"), .bubble:has-text("[card]")');
    await command('setLanguage', 'zh-TW');
    await chat.waitForSelector('[placeholder="请输入消息…"]');
    await command('setColour', '#ffd400');
    await eventually('the colour is there', () =>
      chat.evaluate(() =>
        document.documentElement.style.getPropertyValue('--brand').includes('255 212 0'),
      ),
    );
    await visitor.picture('yellow');
    const before = await keptBy(visitor, 'shop-en');
    await command('shutdown');
    assert.equal(hasFrame(visitor), false);
    assert.deepEqual(await keptBy(visitor, 'shop-en'), {});
    await command('boot');
    await command('open');
    await (await frameOf(visitor)).waitForSelector('.composer textarea');
    await eventually('a new visitor', async () => {
      const { visitor_id } = await keptBy(visitor, 'shop-en');
      return visitor_id !== undefined && visitor_id !== before.visitor_id;
    });
    assert.deepEqual(await visitor.bubbles('own'), []);
    await visitor.page.context().close();
  });

  await stage('several tabs share one socket, and lose nothing when it goes', async () => {
    const first = await person(Visitor, 'tab-1', { locale: 'en' });
    await first.visit('?inbox=shop-en&lang=en');
    await first.openChat();
    await first.write('from the first');
    await first.chat.waitForSelector('.is-own .tick');
    const second = await tab(first, 'tab-2');
    await second.visit('?inbox=shop-en&lang=en');
    await second.openChat();
    await second.sees('from the first');
    assert.equal(first.sockets.size + second.sockets.size, 1);
    await second.write('from the second');
    await first.sees('from the second');
    await second.chat.waitForSelector('.is-own .tick.is-sent, .is-own .tick.is-read');
    assert.equal(first.sockets.size + second.sockets.size, 1);

    await agent.open(1, 'from the second');
    await first.chat.click('.widget-header > .icon-button');
    await second.chat.click('.widget-header > .icon-button');
    await agent.write('are you there?');
    for (const one of [first, second]) {
      await eventually('both count one', async () => (await one.unread()) === 1);
    }
    await second.openChat();
    for (const one of [first, second]) {
      await eventually('both count none', async () => (await one.unread()) === 0);
    }
    await first.openChat();
    await server.kill();
    await second.write('while it was away');
    await first.chat.waitForSelector('.is-own .bubble:has-text("while it was away")');
    await first.chat.waitForSelector('.tick.is-queued');
    // The tab with the connection goes, and takes nothing along.
    await first.page.close();
    await server.start();
    await agent.sees('while it was away');
    await second.chat.waitForSelector('.tick.is-queued', { state: 'detached' });
    assert.equal(times(await agent.bubbles('other'), 'while it was away'), 1);
    assert.equal(second.sockets.size, 1);
    await agent.write('back again');
    await second.sees('back again');

    // Without a chat that is loaded, the badges have one socket as well.
    const third = await tab(second, 'tab-3');
    await second.visit('?inbox=shop-en&lang=en');
    await third.visit('?inbox=shop-en&lang=en');
    await agent.write('to the badges');
    for (const one of [second, third]) {
      await eventually('both badges count', async () => (await one.unread()) === 1);
    }
    assert.equal(second.sockets.size + third.sockets.size, 1);
    for (const one of [second, third]) assert.equal(await one.hasBegun(), false, 'a badge began the chat');
    await second.page.context().close();
  });

  await stage('what somebody new writes while the server is out of reach outlives the page', async () => {
    const visitor = await person(Visitor, 'stranded', { locale: 'en' });
    const context = visitor.page.context();
    await context.route('**/api/v1/widget/sessions', (route) => route.abort());
    await visitor.visit('?inbox=shop-en&lang=en');
    await visitor.openChat();
    await visitor.write('is anybody there?');
    await visitor.write('it is urgent');
    await visitor.chat.waitForSelector('.is-own .bubble:has-text("it is urgent")');
    await eventually('both are kept', async () => (await keptInOutbox(visitor.chat)) === 2);
    await visitor.visit('?inbox=shop-en&lang=en');
    await visitor.openChat();
    await visitor.sees('it is urgent');
    await context.unroute('**/api/v1/widget/sessions');
    await eventually('both are sent, in order', async () => {
      const isSent = (await visitor.chat.$('.tick.is-queued')) === null;
      return isSent && String(await visitor.bubbles('own')) === 'is anybody there?,it is urgent';
    });
    await agent.open(1, 'it is urgent');
    assert.deepEqual(await agent.bubbles('other'), ['is anybody there?', 'it is urgent']);
    await context.close();
  });

  await stage('sites that were made for other widgets change one address', async () => {
    await chatwoot();
    await meiqia();
    await ysf();
  });
  shop.close();
  shop.closeAllConnections();

  async function chatwoot() {
    const page = `<!doctype html><title>C</title><body><script>
      window.chatwootSettings = { position: 'left', locale: 'zh_CN' };
      window.heard = [];
      for (const name of ['chatwoot:ready', 'chatwoot:on-message'])
        addEventListener(name, (event) => heard.push([name, event.detail]));
      (function (d, t) {
        var g = d.createElement(t), s = d.getElementsByTagName(t)[0];
        g.src = '${server.origin}/widget/shim-chatwoot.js'; g.async = true;
        s.parentNode.insertBefore(g, s);
        g.onload = function () {
          window.chatwootSDK.run({ websiteToken: 'web', baseUrl: '${server.origin}' });
        };
      })(document, 'script');</script></body>`;
    const visitor = await guest('chatwoot', page);
    await visitor.page.waitForFunction(() => globalThis.$chatwoot?.hasLoaded);
    await visitor.page.evaluate(() => {
      globalThis.$chatwoot.setUser('c-7', { name: 'Kim', email: 'kim@example.com' });
      globalThis.$chatwoot.setCustomAttributes({ plan: 'pro' });
      globalThis.$chatwoot.toggle('open');
    });
    const chat = await frameOf(visitor);
    await chat.waitForSelector('[placeholder="请输入消息…"]');
    assert.equal(await visitor.page.evaluate(() => globalThis.$chatwoot.isOpen), true);
    await visitor.write('over from Chatwoot');
    await agent.open(1, 'over from Chatwoot');
    await agent.page.waitForSelector('.chat-header:has-text("Kim")');
    await agent.write('welcome');
    await visitor.sees('welcome');
    // The host page hears of it after the chat has shown it.
    const heard = () => visitor.page.evaluate(() => globalThis.heard.map(([name]) => name));
    await eventually('the site has heard of both', async () => (await heard()).length >= 2);
    assert.deepEqual(await heard(), ['chatwoot:ready', 'chatwoot:on-message']);
    await visitor.picture('left');
    await visitor.page.context().close();
  }

  async function meiqia() {
    const page = `<!doctype html><title>M</title><body><script>
      (function (m, ei, q, i, a, j, s) {
        m[i] = m[i] || function () { (m[i].a = m[i].a || []).push(arguments); };
        j = ei.createElement(q); s = ei.getElementsByTagName(q)[0]; j.async = true;
        j.src = '${server.origin}/widget/shim-meiqia.js?inbox=web'; s.parentNode.insertBefore(j, s);
      })(window, document, 'script', '_MEIQIA');
      _MEIQIA('entId', 4711);
      _MEIQIA('withoutBtn');
      _MEIQIA('metadata', { name: '王芳', tel: '13800138000', 地址: '苏州' });
      _MEIQIA('allSet', function (online) { window.allSet = online; });</script></body>`;
    const visitor = await guest('meiqia', page);
    await visitor.page.waitForFunction(() => globalThis.allSet === true);
    await visitor.page.evaluate(() => globalThis._MEIQIA('showPanel'));
    await (await frameOf(visitor)).waitForSelector('.composer textarea');
    await visitor.write('从美洽过来的');
    await agent.open(1, '从美洽过来的');
    await agent.page.waitForSelector('.chat-header:has-text("王芳")');
    await visitor.page.evaluate(() => globalThis._MEIQIA('hidePanel'));
    await visitor.picture('without-button');
    await visitor.page.context().close();
  }

  async function ysf() {
    const page = `<!doctype html><title>Y</title><body><script>
      (function (w, d, n, a, j) {
        w[n] = w[n] || function () { (w[n].a = w[n].a || []).push(arguments); };
        j = d.createElement('script'); j.async = true;
        j.src = '${server.origin}/widget/shim-ysf.js?inbox=web'; d.body.appendChild(j);
      })(window, document, 'ysf');
      ysf('config', { uid: 'u-9', name: '李雷', data: '[{"key":"level","label":"等级","value":"金卡"}]' });
      ysf('product', { title: '双肩包', desc: '黑色', note: '¥489', url: '${SITE}/p/1' });
      ysf('onready', function () { window.ready = true; });</script></body>`;
    const visitor = await guest('ysf', page);
    await visitor.page.waitForFunction(() => globalThis.ready === true);
    await visitor.page.evaluate(() => globalThis.ysf('open'));
    const chat = await frameOf(visitor);
    await chat.waitForSelector('.is-own .bubble');
    await visitor.write('这个有货吗');
    await agent.open(1, '这个有货吗');
    await agent.page.waitForSelector('.chat-header:has-text("李雷")');
    await visitor.picture('product');
    await visitor.page.context().close();
  }
}

/** The agent takes more conversations than this spec has. */
const takesAll = (agent, email) =>
  agent.page.evaluate(async (email) => {
    const { items } = await (await fetch('/api/v1/agents')).json();
    const { id } = items.find((each) => each.email === email);
    const answer = await fetch(`/api/v1/agents/${id}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: '{"capacity":50}',
    });
    if (!answer.ok) throw new Error(await answer.text());
  }, email);
const times = (texts, text) => texts.filter((each) => each === text).length;
const hasFrame = (visitor) =>
  visitor.page.frames().some((each) => each.url().includes('/widget/frame.html'));
const keptBy = (visitor, inbox) =>
  visitor.page.evaluate((key) => JSON.parse(localStorage.getItem(key) ?? '{}'), `kefu:${inbox}`);

/** How many messages the chat has stored that are not sent. */
const keptInOutbox = (chat) =>
  chat.evaluate(async () => {
    // To open one that is not there would make it, without what is in it.
    const all = await indexedDB.databases();
    if (!all.some(({ name }) => name === 'kefu')) return 0;
    const answer = (request) =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const database = await answer(indexedDB.open('kefu'));
    try {
      return await answer(database.transaction('outbox').objectStore('outbox').count());
    } finally {
      database.close();
    }
  });

/** Loads the widget, opens it, destroys it, and counts what is left of it in the page. */
async function COUNTING(src) {
  const before = document.documentElement.outerHTML;
  const globals = new Set(Object.getOwnPropertyNames(globalThis));
  const held = { listeners: 0, timers: new Set(), sockets: 0, observers: new Set() };
  const wrap = (object, name, work) => {
    const original = object[name];
    object[name] = function (...args) {
      return work.call(this, original, args);
    };
    return () => (object[name] = original);
  };
  // Of the page's own objects only: what hangs on removed nodes goes with them.
  const isPage = (target) => !(target instanceof Node) || target === document;
  const isKept = (target) => isPage(target) && !(target instanceof AbortSignal) && !(target instanceof MessagePort);
  const undo = [
    wrap(EventTarget.prototype, 'addEventListener', function (original, args) {
      if (isKept(this)) {
        held.listeners += 1;
        args[2]?.signal?.addEventListener('abort', () => (held.listeners -= 1));
      }
      return original.apply(this, args);
    }),
    wrap(EventTarget.prototype, 'removeEventListener', function (original, args) {
      if (isKept(this)) held.listeners -= 1;
      return original.apply(this, args);
    }),
    wrap(globalThis, 'setTimeout', function (original, [work, ms, ...rest]) {
      const id = original.call(globalThis, (...given) => { held.timers.delete(id); work(...given); }, ms, ...rest);
      held.timers.add(id);
      return id;
    }),
    wrap(globalThis, 'clearTimeout', function (original, [id]) {
      held.timers.delete(id);
      return original.call(globalThis, id);
    }),
    wrap(MutationObserver.prototype, 'observe', function (original, args) {
      held.observers.add(this);
      return original.apply(this, args);
    }),
    wrap(MutationObserver.prototype, 'disconnect', function (original, args) {
      held.observers.delete(this);
      return original.apply(this, args);
    }),
  ];
  const Socket = globalThis.WebSocket;
  globalThis.WebSocket = class extends Socket {
    constructor(...args) {
      super(...args);
      held.sockets += 1;
    }
    close() {
      held.sockets -= 1;
      super.close();
    }
  };
  const script = document.createElement('script');
  script.src = src;
  script.dataset.inbox = 'web';
  await new Promise((resolve) => {
    script.onload = resolve;
    document.head.append(script);
  });
  const { kefu } = globalThis;
  const opened = new Promise((resolve) => kefu('on', 'open', resolve));
  kefu('open');
  await opened;
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  kefu('destroy');
  script.remove();
  await new Promise((resolve) => requestAnimationFrame(resolve));
  globalThis.WebSocket = Socket;
  for (const each of undo) each();
  return {
    nodes: document.documentElement.outerHTML === before,
    globals: Object.getOwnPropertyNames(globalThis).filter((name) => !globals.has(name) && !/^\d+$/.test(name)),
    listeners: held.listeners,
    timers: held.timers.size,
    sockets: held.sockets,
    observers: held.observers.size,
  };
}
