/* Every screen and state of the chat, as a visitor comes through them. */
import assert from 'node:assert/strict';
import { Agent, Visitor } from '../people.mjs';
import { settled } from '../settled.mjs';

const LOOKS = [
  { lang: 'zh-CN', scheme: 'light', size: { width: 1440, height: 900 } },
  { lang: 'en', scheme: 'dark', size: { width: 1440, height: 900 } },
  { lang: 'en', scheme: 'light', size: { width: 320, height: 568 } },
  { lang: 'zh-CN', scheme: 'dark', size: { width: 320, height: 568 } },
];

export default async function screens({ server, person, stage, eventually, expectAccessible }) {
  for (const how of LOOKS) await offline(how);

  const agent = await person(Agent, 'agent', { locale: 'zh-CN' });
  await agent.signIn(server.agents[0]);
  const api = (method, path, body) =>
    agent.page.evaluate(
      async ([method, path, body]) => {
        const answer = await fetch(`/api/v1/${path}`, {
          method,
          headers: { 'content-type': 'application/json' },
          body: body && JSON.stringify(body),
        });
        if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
        return answer.status === 204 ? null : answer.json();
      },
      [method, path, body],
    );
  const { items: agents } = await api('GET', 'agents');
  const { id: own } = agents.find(({ email }) => email === server.agents[0].email);
  await api('PATCH', `agents/${own}`, { capacity: 50 });
  const inbox = async (key) => (await api('GET', 'inboxes')).items.find((each) => each.key === key);
  const texts = {
    zh: { title: '怎么退货', body: '收到商品 7 天内可以退货。' },
    en: { title: 'How to return goods', body: 'Within 7 days after delivery.' },
  };
  await api('POST', 'articles', { slug: 'returns', state: 'published', texts });
  const { id: shown } = await inbox('shop-en');
  await api('PATCH', `inboxes/${shown}`, { settings: { widget: { team_shown: true } } });

  for (const how of LOOKS) await wholeVisit(how);
  await helpWhileClosed();
  await keptOffline();
  await bot();
  await files();
  await limits();
  await onTheTelephone();
  await refusals();

  /** A visitor whose inbox is configured beyond what the server says. */
  async function visit(who, { lang, scheme, size }, more = {}) {
    const visitor = await person(
      Visitor,
      who,
      { locale: lang, colorScheme: scheme, viewport: size, acceptDownloads: true },
      async (context) => {
        const configured = (config) => ({ ...config, articles: false, ...more });
        await context.route('**/api/v1/widget/config*', async (route) => {
          const answer = await route.fetch().catch(() => null);
          if (!answer) return route.abort();
          if (!answer.ok()) return route.fulfill({ response: answer });
          await route.fulfill({ response: answer, json: configured(await answer.json()) });
        });
        // The page has it already.
        await context.route('**/widget/frame.html*', async (route) => {
          const answer = await route.fetch().catch(() => null);
          if (!answer) return route.abort();
          const body = (await answer.text()).replace(
            /(?<=id="config">).*(?=<\/script>)/,
            (json) => JSON.stringify(configured(JSON.parse(json))).replaceAll('<', '\\u003c'),
          );
          await route.fulfill({ response: answer, body });
        });
      },
    );
    await visitor.visit(`?inbox=shop-en&lang=${lang}`);
    await visitor.page.evaluate(() => globalThis.kefu('open'));
    await eventually('the frame is there', () => Promise.resolve(hasFrame(visitor)));
    return visitor;
  }

  function named({ lang, scheme, size }) {
    return `${lang}-${scheme}-${size.width}`;
  }

  /** Looks at a screen: a picture, and no broken rule. */
  async function look(visitor, label) {
    await settled(visitor.page);
    await settled(visitor.chat);
    await visitor.picture(label);
    await expectAccessible(visitor.chat, `${visitor.name}: ${label}`);
  }

  async function offline(how) {
    await stage(`${named(how)}: nobody is there, so a message is left`, async () => {
      const closed = { open: false, agents_online: false, opens_at: '2026-11-30T01:00:00.000Z' };
      const visitor = await visit(`offline-${named(how)}`, how, closed);
      const { chat } = visitor;
      await chat.waitForSelector('.offline-form');
      await look(visitor, '1-form');
      await chat.click('.offline-form [type=submit]');
      await chat.waitForSelector('#field-text[aria-invalid=true][aria-describedby=field-text-error]');
      await chat.fill('#field-text', 'When will it be back in stock?');
      await chat.fill('#field-email', 'li.na');
      await chat.click('.offline-form [type=submit]');
      await chat.waitForSelector('#field-email-error');
      await look(visitor, '2-wrong');
      await chat.fill('#field-email', 'li.na@example.com');
      await chat.click('.offline-form [type=submit]');
      await chat.waitForSelector('.pane-state:has-text("有您"), .pane-state:has-text("Thank"), .pane-state:has-text("感谢")');
      await look(visitor, '3-sent');
      await visitor.page.context().close();
    });
  }

  async function wholeVisit(how) {
    const name = named(how);
    const pre_chat = [
      { name: 'name', label: how.lang === 'en' ? 'Your name' : '怎么称呼您', type: 'text', required: true },
      { name: 'email', label: how.lang === 'en' ? 'E-mail' : '邮箱', type: 'email' },
      { name: 'order', label: how.lang === 'en' ? 'Order number' : '订单号', type: 'text' },
      { name: 'about', label: how.lang === 'en' ? 'About' : '咨询类型', type: 'select', options: ['A', 'B'], required: true },
    ];
    const visitor = await visit(`visit-${name}`, how, { pre_chat, articles: true, colour: '#0a7d5a' });
    const { chat } = visitor;

    await stage(`${name}: home, with answers that are there already`, async () => {
      await chat.waitForSelector('.home-greeting');
      const { name: who } = await api('GET', 'auth/me');
      await chat.waitForSelector(`.home-team li:has-text("${who}")`);
      await chat.waitForSelector('.card h3 ~ .hits a[href$="/returns"]');
      await look(visitor, '0-top-articles');
      await chat.fill('[type=search]', how.lang === 'en' ? 'return' : '退货');
      await chat.waitForSelector('.hits a[href$="/returns"]');
      await look(visitor, '1-home');
      await chat.fill('[type=search]', 'zzzz');
      await chat.waitForSelector('.card .card-hint:has-text("zzzz")');
      await chat.click('.button.is-primary');
    });

    await stage(`${name}: questions before the first message`, async () => {
      await chat.waitForSelector('#field-name');
      await chat.click('[type=submit]');
      await chat.waitForSelector('#field-name[aria-describedby=field-name-error]');
      await look(visitor, '2-pre-chat');
      await chat.fill('#field-name', 'Li Na');
      await chat.fill('#field-email', 'li.na@example.com');
      await chat.fill('#field-order', '1881');
      await chat.selectOption('#field-about', 'B');
      await agent.setStatus('busy');
      await chat.click('[type=submit]');
      await chat.waitForSelector('.composer textarea');
      await chat.waitForSelector('.is-own .bubble dd:has-text("1881")');
    });

    await stage(`${name}: the place in the queue, and another way`, async () => {
      await visitor.write('Hello?');
      await chat.waitForSelector('.waiting .card-title:has-text("1")');
      await look(visitor, '3-queue');
      await chat.click('.waiting .link-button');
      await chat.waitForSelector('.offline-form');
      assert.equal(await chat.inputValue('#field-email'), 'li.na@example.com');
      await chat.click('.offline-form > .link-button');
      await chat.waitForSelector('.composer textarea');
      await chat.click('.card-links .link-button >> nth=1');
      await chat.waitForSelector('.rating .button');
      await look(visitor, '3-left');
      await visitor.write('Hello?');
      await chat.waitForSelector('.waiting');
      const waiting = await api('GET', 'conversations?view=waiting');
      const own = waiting.items.find((each) => each.visitor.name === 'Li Na');
      assert.ok(own, 'the name is not told');
      await agent.setStatus('online');
      await agent.open(1, 'Hello?');
      await chat.waitForSelector('.waiting', { state: 'detached' });
    });

    await stage(`${name}: the chat, its emoji and its menu`, async () => {
      // They are there for some seconds only.
      await Promise.all([
        chat.waitForSelector('.typing-dots'),
        agent.page.type('.composer textarea', 'Good'),
      ]);
      await agent.write('Good morning! See https://shop.example/p/1');
      await visitor.sees('Good morning!');
      await look(visitor, '4-chat');
      await chat.click('.composer .popover-root > button');
      await chat.waitForSelector('.emoji button');
      await look(visitor, '5-emoji');
      await chat.click('.emoji button >> nth=2');
      assert.notEqual(await chat.inputValue('.composer textarea'), '');
      await chat.press('.composer textarea', 'Enter');
      await chat.waitForFunction(() => document.querySelectorAll('.is-own .bubble').length >= 3);
      await chat.press('.composer textarea', 'F6');
      assert.equal(await chat.evaluate(() => document.activeElement.getAttribute('role')), 'log');
      await chat.press('[role=log]', 'F6');
      await chat.click('.widget-header .popover-root > button');
      await look(visitor, '6-menu');
      const loaded = visitor.page.waitForEvent('download');
      await chat.click('.menu-item >> nth=1');
      assert.match((await loaded).suggestedFilename(), /^chat.*\.txt$/);
      const wide = `.menu-item:has-text("${how.lang === 'en' ? 'Wide window' : '宽屏窗口'}")`;
      for (const width of [640, 384]) {
        await chat.click('.widget-header .popover-root > button');
        if (how.size.width < 600) break;
        await chat.click(wide);
        await eventually('the window is as wide as was chosen', async () =>
          (await chat.evaluate(() => innerWidth)) === width);
        if (width === 640) await look(visitor, '6-wide');
      }
      if (how.size.width < 600) {
        assert.equal(await chat.locator(wide).count(), 0, 'it fills a narrow screen anyway');
        await chat.press('.menu-item >> nth=0', 'Escape');
      }
    });

    await stage(`${name}: a rating that was asked for, and the end`, async () => {
      const mine = await api('GET', 'conversations?view=mine');
      const { id } = mine.items.find((each) => each.visitor.name === 'Li Na');
      await api('POST', `conversations/${id}/rating/invite`);
      await chat.waitForSelector('.rating');
      assert.ok(await chat.isVisible('.composer textarea'));
      await chat.click('.widget-header .popover-root > button');
      await chat.click('.menu-item >> nth=-1');
      await chat.waitForSelector('.menu-question');
      await look(visitor, '6-end');
      await chat.click('.menu-question .is-primary');
      await agent.page.waitForSelector('text=访客结束了会话');
      const { state } = await api('GET', `conversations/${id}`);
      assert.equal(state, 'resolved');
      await chat.waitForSelector('.rating .button:has-text("新会话"), .rating .button:has-text("new chat")');
      await chat.focus('.rating input[value="3"]');
      await chat.press('.rating input[value="3"]', 'ArrowRight');
      await chat.waitForSelector('.rating input[value="4"]:checked');
      await look(visitor, '7-ended');
      await chat.click('.rating [type=submit]');
      await chat.waitForSelector('.rating.is-done');
      await chat.click('.rating .button:has-text("新会话"), .rating .button:has-text("new chat")');
      await chat.waitForFunction(() => document.querySelectorAll('.is-own .bubble').length === 0);
      await visitor.write('And another thing');
      await agent.open(1, 'And another thing');
    });

    await stage(`${name}: all conversations`, async () => {
      await chat.click('.widget-header .popover-root > button');
      await chat.click('.menu-item >> nth=0');
      await chat.waitForFunction(() => document.querySelectorAll('.card.is-link').length === 2);
      await look(visitor, '8-list');
      await chat.click('.card.is-link >> nth=1');
      await visitor.sees('Good morning!');
      await chat.click('.widget-header > div:first-child > .icon-button');
      await chat.waitForSelector('.home-greeting');
      await look(visitor, '9-home-again');
    });
    await api('POST', `conversations/${(await api('GET', 'conversations?view=mine')).items[0].id}/resolve`);
    await visitor.page.context().close();
  }

  async function helpWhileClosed() {
    await stage('nobody is there: help first, and a message from there', async () => {
      const how = { lang: 'en', scheme: 'light', size: { width: 1440, height: 900 } };
      const closed = { open: false, agents_online: false, articles: true };
      const visitor = await visit('help-closed', how, closed);
      await visitor.chat.waitForSelector('.hits a[href$="/returns"]');
      await visitor.chat.click('.scroll > .button.is-primary');
      await visitor.chat.waitForSelector('.offline-form');
      await visitor.page.context().close();
    });
  }

  async function keptOffline() {
    await stage('a message left without a connection outlives the page, and arrives once', async () => {
      const how = { lang: 'en', scheme: 'light', size: { width: 1440, height: 900 } };
      const visitor = await visit('kept', how, { open: false, agents_online: false });
      await visitor.chat.waitForSelector('.offline-form');
      await visitor.chat.fill('#field-text', 'Kept while the server was away');
      await visitor.chat.fill('#field-phone', '13800138000');
      await server.kill();
      await visitor.chat.click('.offline-form [type=submit]');
      await visitor.chat.waitForSelector('.pane-state:has-text("kept")');
      await visitor.picture('kept');
      await server.start();
      await visitor.visit('?inbox=shop-en&lang=en');
      await visitor.page.evaluate(() => globalThis.kefu('open'));
      await eventually('the ticket is there, once', async () => {
        const { items } = await api('GET', 'tickets').catch(() => ({ items: [] }));
        return items.filter((each) => each.subject.startsWith('Kept while')).length === 1;
      });
      await visitor.page.context().close();
    });
  }

  async function bot() {
    await stage('from the bot to a person in one tap', async () => {
      const { id } = await inbox('shop-en');
      const robot = { name: 'Robo', rules: [{ keywords: ['price'], reply: 'It is 329.' }], handover_after: 5 };
      await api('PATCH', `inboxes/${id}`, { settings: { bot: robot } });
      const how = { lang: 'en', scheme: 'light', size: { width: 390, height: 700 } };
      const visitor = await visit('bot', how, { bot: { name: 'Robo' } });
      await visitor.chat.waitForSelector('.bot-bar .button');
      await visitor.write('What is the price?');
      await visitor.sees('It is 329.');
      await look(visitor, 'bot');
      await visitor.chat.click('.bot-bar .button');
      await visitor.chat.waitForSelector('.bot-bar', { state: 'detached' });
      await agent.open(1, 'Talk to a human');
      await api('PATCH', `inboxes/${id}`, { settings: {} });
      await visitor.page.context().close();
    });
  }

  async function files() {
    await stage('a file by paste, and one that is too large', async () => {
      const how = { lang: 'en', scheme: 'light', size: { width: 1440, height: 900 } };
      const visitor = await visit('files', how, { upload_bytes_max: 2_000 });
      await visitor.chat.waitForSelector('.composer textarea');
      await visitor.chat.setInputFiles('.composer input[type=file]', {
        name: 'large.txt',
        mimeType: 'text/plain',
        buffer: Buffer.alloc(4_000, 'x'),
      });
      await visitor.chat.waitForSelector('.composer [role=alert]:has-text("large.txt")');
      await look(visitor, 'too-large');
      await visitor.chat.evaluate(() => {
        const data = new DataTransfer();
        data.items.add(new File(['two socks'], 'list.txt', { type: 'text/plain' }));
        const event = new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: data });
        document.querySelector('.composer textarea').dispatchEvent(event);
      });
      await visitor.chat.waitForSelector('.is-own .bubble:has-text("list.txt")');
      await visitor.chat.waitForSelector('.is-own .tick.is-sent, .is-own .tick.is-read');
      await visitor.picture('sent');
      await visitor.page.context().close();
    });
  }

  async function limits() {
    await stage('too many messages wait, and say for how long', async () => {
      const how = { lang: 'en', scheme: 'light', size: { width: 1440, height: 900 } };
      const visitor = await visit('fast', how);
      await visitor.chat.waitForSelector('.composer textarea');
      await visitor.page.evaluate(() => {
        for (let n = 0; n < 60; n += 1) globalThis.kefu('sendMessage', `fast ${n}`);
      });
      await visitor.chat.waitForSelector('.limited');
      await look(visitor, 'limited');
      await visitor.page.context().close();
    });
  }

  async function onTheTelephone() {
    await stage('on a telephone it fills the screen, and the page behind it stays put', async () => {
      const visitor = await person(Visitor, 'phone', {
        locale: 'zh-CN',
        viewport: { width: 390, height: 700 },
        hasTouch: true,
        isMobile: true,
      });
      await visitor.visit('?lang=zh-CN');
      await visitor.openChat();
      const box = await (await visitor.chat.frameElement()).boundingBox();
      assert.deepEqual(box, { x: 0, y: 0, width: 390, height: 700 });
      const page = () =>
        visitor.page.evaluate(() => [document.documentElement.style.overflow, document.body.inert]);
      assert.deepEqual(await page(), ['hidden', true]);
      assert.equal(await visitor.chat.getAttribute('[role=dialog]', 'aria-modal'), 'true');
      assert.equal(await visitor.chat.$eval('.composer textarea', (each) => getComputedStyle(each).fontSize), '16px');
      await visitor.picture('full');
      await visitor.chat.press('.composer textarea', 'Escape');
      await eventually('the page moves again', async () => {
        const [overflow, inert] = await page();
        return overflow === '' && inert === false;
      });
      await visitor.page.context().close();
    });
  }

  async function refusals() {
    const how = { lang: 'en', scheme: 'dark', size: { width: 1440, height: 900 } };
    await stage('whoever is blocked reads a neutral text', async () => {
      const visitor = await visit('blocked', how);
      await visitor.chat.waitForSelector('.composer textarea');
      await visitor.write('spam');
      await agent.open(1, 'spam');
      const kept = await visitor.page.evaluate(() => JSON.parse(localStorage.getItem('kefu:shop-en')));
      await api('POST', 'blocks', { visitor_id: kept.visitor_id, reason: 'spam' });
      await visitor.visit('?inbox=shop-en&lang=en');
      await visitor.page.evaluate(() => globalThis.kefu('open'));
      await eventually('the frame is there', () => Promise.resolve(hasFrame(visitor)));
      await visitor.chat.waitForSelector('.pane-state:has-text("not available")');
      await look(visitor, 'blocked');
      await visitor.page.context().close();
    });

    await stage('an inbox for customers asks to sign in', async () => {
      const { id } = await inbox('shop-en');
      await api('PATCH', `inboxes/${id}`, { identity_required: true });
      const visitor = await visit('nameless', how);
      await visitor.chat.waitForSelector('.pane-state:has-text("sign in")');
      await look(visitor, 'identity');
      await api('PATCH', `inboxes/${id}`, { identity_required: false });
      await visitor.page.context().close();
    });
  }
}

const hasFrame = (visitor) =>
  visitor.page.frames().some((each) => each.url().includes('/widget/frame.html'));
