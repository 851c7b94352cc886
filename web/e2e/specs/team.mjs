/* A supervisor sees who does what, looks into a conversation, whispers, joins, takes over. */
import assert from 'node:assert/strict';
import { Agent } from '../people.mjs';
import { openPage, Rest } from '../rest.mjs';

const SCREENS = [
  { locale: 'zh-CN', theme: 'light' },
  { locale: 'zh-CN', theme: 'dark' },
  { locale: 'en', theme: 'light' },
  { locale: 'en', theme: 'dark' },
];
/** So long may a task of the page take while changes pour in; set it where nothing else runs. */
const LONG_TASK_MS = Number(process.env.KEFU_E2E_LONG_TASK_MS ?? Infinity);
/** So often the list may change meanwhile: a few times a second, and once more for its clocks. */
const PICTURES_MAX = 60;

export default async function team({ server, person, stage, eventually, expectAccessible }) {
  const rest = new Rest(server);
  const admin = await rest.signIn(server.agents[0]);
  const boss = await rest.makeAgent(admin.token, '周主管', 'supervisor');
  const supervisor = await person(Agent, 'supervisor');
  const agent = await person(Agent, 'agent', { locale: 'en' });
  const { page } = supervisor;
  let visitor;

  await stage('an agent is at work, somebody waits', async () => {
    await agent.signIn(server.agents[1]);
    await agent.setStatus('busy');
    // Who is online would be given what waits.
    await supervisor.signIn(boss);
    await supervisor.setStatus('busy');
    const inboxes = await rest.call('GET', 'inboxes', admin.token);
    const web = inboxes.items.find(({ key }) => key === 'web');
    await rest.call('PATCH', `inboxes/${web.id}`, admin.token, {
      settings: { ...web.settings, waiting_target_s: 1 },
    });
    visitor = await rest.visit('王小美', '订单什么时候到？');
  });

  await stage('the supervisor sees agents, queues and conversations', async () => {
    await openPage(supervisor, '#/team', { locale: 'zh-CN' });
    await page.waitForSelector('.agent-card.is-busy:has-text("Alex Morgan"):has-text("忙碌")');
    await page.waitForSelector('.live-row:has-text("王小美"):has-text("排队中")');
    await page.waitForSelector('.team-queues tr:has-text("灯与松") .is-late');
    await supervisor.picture('overview');
  });

  await stage('what changes is seen at once: accepted, answered, asked again', async () => {
    const alex = await rest.signIn(server.agents[1]);
    visitor.agent = alex;
    await rest.act(alex.token, visitor.conversation, 'accept');
    await page.waitForSelector('.live-row:has-text("王小美"):has-text("Alex Morgan")');
    await rest.say(alex.token, visitor.conversation, '明天送达。');
    await page.waitForSelector('.live-row:has-text("明天送达")');
    await rest.say(visitor.token, visitor.conversation, '能改地址吗？');
    await page.waitForSelector('.live-row:has-text("能改地址吗") .live-wait');
    await page.waitForSelector('.agent-card:has-text("Alex Morgan") .agent-facts .icon');
  });

  await stage('a status that changes says since when', async () => {
    await agent.setStatus('away');
    await page.waitForSelector('.agent-card.is-away:has-text("Alex Morgan"):has-text("起")');
    await agent.setStatus('busy');
  });

  await stage('a supervisor says what somebody does who forgot to, and why', async () => {
    await page.click('.agent-card:has-text("Alex Morgan") .agent-more');
    await page.waitForSelector('.status-form .chip-button:has-text("用餐")');
    await supervisor.picture('status');
    await expectAccessible(page, 'status');
    await page.click('.status-form .status-reasons >> nth=1 >> .chip-button:has-text("用餐")');
    await page.waitForSelector('.agent-card.is-away:has-text("Alex Morgan"):has-text("用餐")');
    await agent.page.waitForSelector('.rail [aria-label*="Away"]');
    const { items } = await rest.call('GET', 'audit?action=agent.status_set', admin.token);
    assert.deepEqual(items[0].detail, { status: 'away', reason: 'meal' });
    await agent.setStatus('busy');
    await page.waitForSelector('.agent-card.is-busy:has-text("Alex Morgan")');
  });

  await stage('watching is silent: nobody is told, what is said comes in', async () => {
    await page.click('.live-row:has-text("王小美")');
    await page.waitForSelector('.watch-note:has-text("旁观")');
    await page.waitForSelector('.watch-pane .bubble:has-text("能改地址吗")');
    await rest.say(visitor.token, visitor.conversation, '改到公司。');
    await page.waitForSelector('.watch-pane .bubble:has-text("改到公司")');
    const seen = await rest.call('GET', `conversations/${visitor.conversation}`, admin.token);
    assert.deepEqual(seen.joined ?? [], []);
    await supervisor.picture('watching');
  });

  await stage('a whisper that fails is sent again under the same number, once', async () => {
    const tried = [];
    await page.route('**/whisper', async (route) => {
      tried.push(route.request().postDataJSON().client_id);
      if (tried.length === 1) {
        // It arrives, but the answer is lost.
        await route.fetch();
        return route.abort();
      }
      return route.continue();
    });
    await page.fill('.watch-field textarea', '可以帮他改，运费我们出。');
    await page.press('.watch-field textarea', 'Enter');
    await page.waitForSelector('.watch-write .form-error');
    await supervisor.picture('whisper-failed');
    await page.click('.watch-write .form-error .link-button');
    await page.waitForSelector('.watch-write .hint:has-text("已发送给")');
    await page.unroute('**/whisper');
    assert.equal(tried.length, 2);
    assert.equal(tried[0], tried[1]);
    const log = `conversations/${visitor.conversation}/messages`;
    const { items } = await rest.call('GET', log, visitor.agent.token);
    assert.equal(items.filter(({ data }) => data?.whisper).length, 1);
    const own = await rest.call('GET', log, visitor.token);
    assert.ok(!JSON.stringify(own).includes('运费'), 'the visitor got the whisper');
    await page.waitForSelector('.watch-pane .is-note:has-text("运费")');
  });

  await stage('join: writes to the visitor beside the agent; leave', async () => {
    await page.click('.oversee .button:has-text("介入")');
    await page.waitForSelector('.watch-note.is-joined');
    await page.click('.watch-modes .chip:has-text("发给访客")');
    await page.fill('.watch-field textarea', '我来协助您。');
    await page.press('.watch-field textarea', 'Enter');
    await page.waitForSelector('.watch-pane .bubble:has-text("我来协助您")');
    await eventually('the visitor has it', async () => {
      const log = `conversations/${visitor.conversation}/messages`;
      return JSON.stringify(await rest.call('GET', log, visitor.token)).includes('我来协助您');
    });
    await page.waitForSelector('.live-row:has-text("王小美") .live-joined');
    await supervisor.picture('joined');
    await page.click('.oversee .button:has-text("退出介入")');
    await page.waitForSelector('.watch-note:not(.is-joined)');
  });

  await stage('take over asks first; a refusal is told', async () => {
    await page.click('.oversee .button:has-text("接管")');
    await page.waitForSelector('dialog:has-text("Alex Morgan")');
    await supervisor.picture('take-over');
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog', { state: 'detached' });
    assert.equal(await page.isVisible('.watch-pane'), true);
    await page.route('**/takeover', (route) =>
      route.fulfill({
        status: 409,
        contentType: 'application/problem+json',
        body: '{"code":"conflict","detail":"it has ended"}',
      }),
    );
    await page.click('.oversee .button:has-text("接管")');
    await page.click('dialog .button.is-primary');
    await page.waitForSelector('.oversee .form-error');
    await supervisor.picture('refused');
    await page.unroute('**/takeover');
    await page.click('.oversee .button:has-text("接管")');
    await page.click('dialog .button.is-primary');
    await page.waitForSelector('.watch-note:has-text("由您处理")');
    await page.waitForSelector('.live-row:has-text("王小美"):has-text("周主管")');
  });

  await stage('hand on to an agent, then end it', async () => {
    await page.click('.oversee .popover-root > button');
    await page.click('.picker .menu-item:has-text("Alex Morgan")');
    await page.waitForSelector('.watch-head:has-text("Alex Morgan")');
    await page.click('.oversee .button:has-text("解决")');
    await page.waitForSelector('.watch-head .state-tag.is-resolved');
    await supervisor.picture('ended');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.watch-pane', { state: 'detached' });
    await page.waitForSelector('.live-row:focus');
    await page.mouse.move(10, 10);
    await page.evaluate(() => document.activeElement.blur());
    await page.waitForSelector('.live-row:has-text("王小美")', { state: 'detached' });
  });

  await stage('each of these is in the audit log', async () => {
    const { items } = await rest.call('GET', 'audit?action=conversation.', admin.token);
    const own = items.filter(({ actor_id }) => actor_id === boss.id).reverse();
    const looked = own.filter(({ action }) => /\.(read|watched)$/.test(action));
    assert.deepEqual(looked.map(({ action }) => action).sort(), [
      'conversation.read',
      'conversation.watched',
    ]);
    const done = own.filter((line) => !looked.includes(line)).map(({ action }) => action);
    assert.deepEqual(done, [
      'conversation.whispered',
      'conversation.joined',
      'conversation.left',
      'conversation.taken_over',
    ]);
  });

  await stage('filters, and conversations that are not there', async () => {
    await rest.visit('Filter Me', 'Hello', 'shop-en');
    await page.waitForSelector('.live-row:has-text("Filter Me")');
    await page.fill('.team-filters input[type=search]', 'filter m');
    await eventually('one is left', async () => (await page.$$('.live-row')).length === 1);
    assert.match(page.url(), /text=filter/);
    await page.fill('.team-filters input[type=search]', 'nobody at all');
    await page.waitForSelector('.team-live .pane-state');
    await supervisor.picture('none-match');
    await page.click('.team-filters .button');
    await page.waitForSelector('.live-row:has-text("Filter Me")');
    await page.goto(`${server.origin}/console/#/team/00000000-0000-4000-8000-000000000000`);
    await page.waitForSelector('.watch-pane .pane-state[role=alert]');
    await supervisor.picture('gone');
    await page.goto(`${server.origin}/console/#/team`);
  });

  await stage('the order stands still under the pointer', async () => {
    await page.waitForSelector('.live-row');
    const names = () =>
      page.$$eval('.live-name', (all) => all.map((each) => each.textContent.trim()));
    await page.hover('.live-row >> nth=1');
    const before = await names();
    const early = await rest.visit('Pushes In', 'Me first');
    await page.waitForSelector('.fresh-pill');
    assert.deepEqual(await names(), before);
    await supervisor.picture('held');
    await page.click('.fresh-pill');
    await page.waitForSelector('.live-row:has-text("Pushes In")');
    await rest.act(admin.token, early.conversation, 'resolve');
    await page.waitForSelector('.live-row.is-ended:has-text("Pushes In")');
    await page.mouse.move(10, 10);
    await page.waitForSelector('.live-row:has-text("Pushes In")', { state: 'detached' });
  });

  await stage('a thousand conversations, 200 changes a second: few pictures and rows', async () => {
    const template = await page.evaluate(async () => {
      const answer = await fetch('/api/v1/conversations?view=all&limit=1');
      return (await answer.json()).items[0];
    });
    await page.route('**/api/v1/conversations?view=all*', (route) =>
      route.fulfill({ json: { items: many(template), has_more: false } }),
    );
    await page.addInitScript(() => {
      const Real = globalThis.WebSocket;
      globalThis.sockets = [];
      globalThis.WebSocket = class extends Real {
        constructor(...args) {
          super(...args);
          globalThis.sockets.push(this);
        }
      };
    });
    await page.reload();
    await page.waitForSelector('.live-rows.is-windowed');
    const { sent, pictures, longest } = await page.evaluate(pour, template);
    const task = Math.round(longest);
    console.log(`     ${sent} changes, ${pictures} pictures, longest task ${task} ms`);
    assert.ok(longest < LONG_TASK_MS, `a task took ${longest} ms`);
    assert.ok(sent > 5 * pictures && pictures < PICTURES_MAX, `${pictures} pictures of ${sent}`);
    assert.ok((await page.$$('.live-row')).length < 60, 'all rows are in the page');
    await supervisor.picture('thousand');
    await page.focus('.live-row >> nth=0');
    await page.keyboard.press('End');
    await page.waitForSelector('.live-row:focus');
    await page.unroute('**/api/v1/conversations?view=all*');
  });

  await stage('when the server is away the page says so, and comes back', async () => {
    await page.goto(`${server.origin}/console/#/team`);
    await page.reload();
    await page.waitForSelector('.live-row');
    await server.kill();
    await page.waitForSelector('.team-stale .icon');
    await supervisor.picture('away');
    await server.start();
    await page.waitForSelector('.team-stale .icon', { state: 'detached' });
    await rest.visit('Back Again', 'Hello again');
    await page.waitForSelector('.live-row:has-text("Back Again")');
  });

  await stage('team in both languages, themes and widths', async () => {
    const { conversation } = await rest.visit('陈雨桐', '请问双肩包有黑色的吗？');
    await rest.act(admin.token, conversation, 'takeover');
    for (const screen of SCREENS) {
      for (const width of [1440, 1024, 320]) {
        await page.setViewportSize({ width, height: 900 });
        await openPage(supervisor, '#/team', screen);
        await page.waitForSelector('.live-row');
        const name = `team-${screen.locale}-${screen.theme}-${width}`;
        await expectAccessible(page, name);
        await supervisor.picture(name);
        if (width === 320) {
          await page.click('.team-tabs .chip >> nth=1');
          await page.waitForSelector('.agent-card');
          await expectAccessible(page, `${name}-agents`);
          await supervisor.picture(`${name}-agents`);
          await page.click('.team-tabs .chip >> nth=2');
          await supervisor.picture(`${name}-queues`);
        }
        await page.goto(`${server.origin}/console/#/team/${conversation}`);
        await page.waitForSelector('.watch-pane .bubble');
        await expectAccessible(page, `${name}-watch`);
        assert.ok(await fits(page), `${name} is wider than the window`);
        await supervisor.picture(`${name}-watch`);
      }
    }
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  await stage('an administrator changes how much an agent is given', async () => {
    const chief = await person(Agent, 'admin', { locale: 'en' });
    await chief.signIn(server.agents[0]);
    await openPage(chief, '#/team', { locale: 'en' });
    const card = chief.page.locator('.agent-card', { hasText: 'Alex Morgan' });
    await card.locator('.agent-more').click();
    await chief.page.fill('.capacity-form input', '3');
    await chief.picture('capacity');
    await expectAccessible(chief.page, 'capacity');
    await chief.page.click('.capacity-form .button');
    await card.locator('.agent-load', { hasText: '/3' }).waitFor();
    await page.click('.agent-card:has-text("Alex Morgan") .agent-more');
    await page.waitForSelector('.status-form');
    assert.equal(await page.$('.capacity-form'), null);
    await page.keyboard.press('Escape');
    await chief.page.context().close();
  });

  await stage('who may not is told so', async () => {
    await openPage(agent, '#/team', { locale: 'en' });
    await agent.page.waitForSelector('.pane-state[role=alert]');
    assert.equal(await agent.page.$('.rail a[href="#/team"]'), null);
  });
}

/** As many conversations as a large desk has. */
function many(template) {
  return Array.from({ length: 1_000 }, (_, index) => ({
    ...template,
    id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    visitor: { ...template.visitor, name: `Visitor ${index}` },
    state: 'open',
    assignee: { id: '00000000-0000-4000-9000-000000000001', name: 'Somebody' },
  }));
}

/** Runs in the page: hints through its socket; how often the list changed and the longest task. */
async function pour(template) {
  let longest = 0;
  const observer = new PerformanceObserver((list) => {
    for (const each of list.getEntries()) longest = Math.max(longest, each.duration);
  });
  observer.observe({ type: 'longtask' });
  let pictures = 0;
  const list = document.querySelector('.live-rows');
  const changes = new MutationObserver(() => (pictures += 1));
  changes.observe(list, { childList: true, subtree: true, characterData: true });
  const socket = globalThis.sockets.at(-1);
  const begin = performance.now();
  let sent = 0;
  while (performance.now() - begin < 3_000) {
    const due = Math.floor(((performance.now() - begin) / 1000) * 200);
    for (; sent < due; sent += 1) {
      const index = (sent * 37) % 1_000;
      const now = new Date().toISOString();
      const conversation = {
        ...template,
        id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
        visitor: { ...template.visitor, name: `Visitor ${index}` },
        state: 'open',
        assignee: { id: '00000000-0000-4000-9000-000000000001', name: 'Somebody' },
        updated_at: now,
        last_message: {
          seq: sent,
          kind: 'text',
          text: `change ${sent}`,
          from: { kind: sent % 3 === 0 ? 'visitor' : 'agent', id: 'x', name: 'x' },
          created_at: now,
        },
      };
      const data = JSON.stringify({ type: 'conversation', change: 'updated', conversation });
      socket.onmessage?.(new MessageEvent('message', { data }));
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  observer.disconnect();
  changes.disconnect();
  return { sent, pictures, longest };
}

function fits(page) {
  return page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
}
