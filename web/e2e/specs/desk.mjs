/* The desk around a conversation: list, queue, rail, shortcuts, palette, banner, profile. */
import assert from 'node:assert/strict';
import { ask, Crowd } from '../crowd.mjs';
import { Agent } from '../people.mjs';
import { totp } from '../totp.mjs';
import { settled } from '../settled.mjs';

const THEMES = ['light', 'dark'];

export default async function desk({ server, person, stage, eventually, expectAccessible }) {
  const [admin, colleague] = server.agents;
  const agent = await person(Agent, 'lin', { locale: 'zh-CN' }, (context) =>
    context.grantPermissions(['clipboard-read', 'clipboard-write', 'notifications']),
  );
  const { page } = agent;
  const crowd = new Crowd(server);
  const names = () => page.$$eval('.row-name', (all) => all.map((each) => each.textContent));
  const looks = async (who, what) => {
    for (const theme of THEMES) {
      await who.page.evaluate((theme) => (document.documentElement.dataset.theme = theme), theme);
      await who.picture(`${what}-${theme}`);
      await expectAccessible(who.page, `${who.name}: ${what}, ${theme}`);
    }
    await who.page.evaluate(() => (document.documentElement.dataset.theme = 'light'));
  };

  await stage('a new server says what to do first, and ticks what is done', async () => {
    await agent.signIn(admin);
    await agent.setStatus('busy');
    const { items } = await ask(agent, 'GET', 'conversations?view=all');
    for (const { id } of items) await ask(agent, 'POST', `conversations/${id}/resolve`);
    // Without the samples of the demo the server is like new.
    await page.route('**/api/v1/conversations?**', (route) =>
      route.fulfill({ json: { items: [], has_more: false } }),
    );
    await page.reload();
    await page.waitForSelector('.first-steps');
    await looks(agent, '1-first-steps');
    await page.click('.first-steps .snippet .button');
    await page.waitForSelector('.first-steps li:first-child.is-done');
    await crowd.arrive('王芳', '你好，请问怎么退款？');
    await page.waitForSelector('.first-steps li:nth-child(3).is-done');
    await page.waitForSelector('.first-steps li:nth-child(4).is-done');
    await agent.picture('2-steps-done');
    await page.click('.first-steps header .icon-button');
    await page.unroute('**/api/v1/conversations?**');
    await page.reload();
    await page.waitForSelector('.rail-item > .dot.is-online');
    assert.equal(await page.$('.first-steps'), null);
  });

  await stage('the queue turns red once somebody waits for longer than promised', async () => {
    const { items } = await ask(agent, 'GET', 'inboxes');
    const web = items.find(({ key }) => key === 'web');
    await ask(agent, 'PATCH', `inboxes/${web.id}`, {
      settings: { ...web.settings, waiting_target_s: 6, first_response_target_s: 600 },
    });
    await page.reload();
    await page.waitForSelector('.rail-item > .dot.is-online');
    await crowd.arrive('Anna', 'Is anybody there?');
    await page.keyboard.press('Alt+2');
    await page.waitForSelector('.row:has-text("Anna")');
    await page.waitForSelector('.rail .badge.is-danger');
    await page.waitForSelector('.row.is-danger:has-text("Anna")');
    assert.deepEqual(await names(), ['王芳', 'Anna'], 'longest waiting first');
    await looks(agent, '3-queue');
  });

  await stage('an empty list offers the oldest, and Alt+A takes it', async () => {
    await page.keyboard.press('Alt+1');
    await page.waitForSelector('.pane-state .button.is-primary');
    await looks(agent, '4-empty');
    await page.keyboard.press('Alt+A');
    await page.waitForSelector('.chat-header .state-tag.is-open');
    await eventually('it is mine', async () => String(await names()) === '王芳');
    await page.keyboard.press('Alt+A');
    await eventually('both are mine', async () => (await names()).length === 2);
  });

  await stage('an older server has nothing in the list of the bot', async () => {
    await page.keyboard.press('Alt+3');
    await page.waitForSelector('.list-pane .pane-state');
    await agent.picture('5-bot');
    await page.keyboard.press('Alt+1');
  });

  await stage('? shows all shortcuts; one gets other keys and then does its work', async () => {
    await page.fill('.composer textarea', '');
    await page.press('.composer textarea', '?');
    assert.equal(await page.$('dialog[open]'), null, 'it opened while somebody wrote');
    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press('?');
    await page.waitForSelector('.sheet-groups');
    await looks(agent, '6-sheet');
    const resolve = page.locator('.sheet-row', { hasText: '修改快捷键：解决Alt' }).locator('.sheet-keys');
    await resolve.click();
    await page.keyboard.press('Alt+J');
    await page.waitForSelector('.sheet-note.is-error');
    await resolve.click();
    await page.keyboard.press('Alt+X');
    await page.waitForSelector('.sheet-keys:has-text("Alt+X")');
    await page.fill('.dialog input[type=search]', '挂起');
    await eventually('one row is left', async () => (await page.$$('.sheet-row')).length === 1);
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog[open]', { state: 'detached' });
    await page.keyboard.press('Alt+E');
    await settled(page);
    assert.equal((await names()).length, 2, 'the old keys still work');
    await page.keyboard.press('Alt+X');
    await page.waitForSelector('.chat-header .state-tag.is-resolved');
    await page.reload();
    await page.waitForSelector('.rail-item > .dot.is-online');
    await page.keyboard.press('?');
    await page.waitForSelector('.sheet-keys:has-text("Alt+X")');
    await page.click('.sheet-tools .button');
    await page.waitForSelector('.sheet-keys:has-text("Alt+E")');
    await page.keyboard.press('Escape');
  });

  await stage('the palette finds conversations, pages and actions', async () => {
    await crowd.arrive('Boris', 'A question about my order');
    await page.keyboard.press('Control+k');
    await page.waitForSelector('.palette input:focus');
    await looks(agent, '7-palette');
    await page.fill('.palette input', 'bris');
    await page.waitForSelector('.palette-option[aria-selected=true]:has-text("Boris")');
    await agent.picture('8-palette-found');
    await page.keyboard.press('Enter');
    await agent.sees('A question about my order');
    assert.equal(await page.$('dialog[open]'), null);
    await page.keyboard.press('Control+k');
    await page.fill('.palette input', '离开');
    const told = page.waitForResponse((each) => each.url().endsWith('/agents/me/status'));
    await page.keyboard.press('Enter');
    await told;
    await page.waitForSelector('.rail .avatar-status.is-away');
  });

  await stage('G then Q goes to the queue, Alt+J and Alt+K through the list', async () => {
    // On a busy machine the second may come too late to belong to the first.
    await eventually('the queue is shown', async () => {
      await page.evaluate(() => document.activeElement.blur());
      await page.keyboard.press('g');
      await page.keyboard.press('q');
      return page.url().includes('#/waiting');
    });
    await crowd.arrive('Carla', 'Hello?');
    await page.waitForSelector('.row:has-text("Carla")');
    await page.keyboard.press('Alt+J');
    await page.keyboard.press('Alt+J');
    await page.waitForSelector('.chat-heading:has-text("Carla")');
    await page.keyboard.press('Alt+K');
    await page.waitForSelector('.chat-heading:has-text("Boris")');
  });

  await stage('nothing moves under the pointer: what is new waits above', async () => {
    await page.keyboard.press('Alt+4');
    await page.waitForSelector('.row:has-text("Carla")');
    const before = await names();
    await page.hover('.row:has-text("Boris")');
    await crowd.arrive('Dora', 'I am new');
    await page.waitForSelector('.fresh-pill');
    assert.deepEqual(await names(), before);
    await looks(agent, '9-fresh');
    await page.click('.fresh-pill');
    await page.waitForSelector('.row:has-text("Dora")');
    assert.deepEqual(await names(), ['Dora', ...before]);
    await page.hover('.composer-closed, .composer, .chat-header');
  });

  await stage('by keyboard: arrows, a menu by Shift+F10, priority, and back', async () => {
    await page.focus('.row >> nth=0');
    await page.keyboard.press('End');
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowDown');
    const focused = () => page.evaluate(() => document.activeElement.textContent);
    await eventually('the second row has the focus', async () => /Carla/.test(await focused()));
    await page.keyboard.press('Shift+F10');
    await page.waitForSelector('[role=menu]');
    await looks(agent, '10-row-menu');
    await page.keyboard.press('Escape');
    await eventually('the focus comes back', async () => /Carla/.test(await focused()));
    await page.click('.row:has-text("Dora")', { button: 'right' });
    await page.click('[role=menuitemradio]:has-text("紧急")');
    await page.waitForSelector('.row:has-text("Dora") .row-mark.is-urgent');
  });

  await stage('many at once: taken, then resolved', async () => {
    await page.keyboard.press('Alt+2');
    for (const name of ['Boris', 'Carla', 'Dora']) {
      await page.hover(`.row:has-text("${name}")`);
      await page.click(`li:has(.row:has-text("${name}")) .row-check`);
    }
    await looks(agent, '11-bulk');
    // It is there for some seconds only.
    await Promise.all([
      page.waitForSelector('.notice.is-bulk:has-text("3")'),
      page.click('.bulk-action >> nth=0'),
    ]);
    await page.keyboard.press('Alt+1');
    await eventually('all are mine', async () => (await names()).length === 4);
    await page.focus('.row:has-text("Boris")');
    await page.keyboard.press('Space');
    await page.waitForSelector('.bulk-bar');
    await page.click('.bulk-action >> nth=-1');
    await eventually('one less', async () => (await names()).length === 3);
  });

  const choose = async (...chosen) => {
    for (const name of chosen) {
      await page.hover(`.row:has-text("${name}")`);
      await page.click(`li:has(.row:has-text("${name}")) .row-check`);
    }
  };

  await stage('many at once: what could not be done is named, and tried again', async () => {
    await ask(agent, 'POST', 'tags', { name: '售后', colour: '#2563eb' });
    await page.reload();
    await page.waitForSelector('.row:has-text("Dora")');
    const dora = crowd.visitors.find(({ name }) => name === 'Dora');
    const path = `**/conversations/${dora.conversation}/tags`;
    await page.route(path, (route) =>
      route.request().method() === 'PUT'
        ? route.fulfill({
            status: 409,
            contentType: 'application/problem+json',
            body: '{"code":"conflict","detail":"it has changed"}',
          })
        : route.continue(),
    );
    await choose('Carla', 'Dora');
    await page.click('.bulk-action[aria-label="添加标签"]');
    await page.waitForSelector('dialog .choice');
    await looks(agent, '11-bulk-tags');
    await page.click('dialog .choice:has-text("售后")');
    await page.click('dialog [type=submit]');
    await page.waitForSelector('dialog .bulk-failures li:has-text("Dora")');
    assert.equal((await page.$$('.bulk-failures li')).length, 1);
    await looks(agent, '11-bulk-result');
    await page.unroute(path);
    await page.click('dialog .dialog-actions .button >> nth=0');
    await page.waitForSelector('dialog', { state: 'detached' });
    await page.waitForSelector('.row:has-text("Dora") .row-tag:has-text("售后")');
    await choose('Carla', 'Dora');
    await page.click('.bulk-action[aria-label="转接"]');
    await page.waitForSelector('dialog .choice');
    await looks(agent, '11-bulk-transfer');
    await page.keyboard.press('Escape');
    await page.click('.bulk-bar .icon-button >> nth=0');
  });

  await stage('set aside until a time, and marked as unread', async () => {
    await page.click('.row:has-text("Carla")', { button: 'right' });
    await page.click('[role=menuitem]:has-text("稍后处理")');
    await page.waitForSelector('.snooze-presets');
    await page.fill('dialog input', '2020-01-01T09:00');
    await page.click('dialog [type=submit]');
    await page.waitForSelector('dialog .field-error, dialog [role=alert]');
    await looks(agent, '11-snooze');
    await page.click('.snooze-presets .menu-item >> nth=0');
    await page.waitForSelector('.row:has-text("Carla"):has-text("至 ")');
    const carla = crowd.visitors.find(({ name }) => name === 'Carla');
    const path = `conversations/${carla.conversation}`;
    const until = new Date(Date.now() + 5_000);
    await ask(agent, 'POST', `${path}/snooze`, { until });
    await eventually('it comes back', async () => (await ask(agent, 'GET', path)).state === 'open');
    await page.waitForSelector('.row:has-text("Carla"):not(:has-text("至 "))');
    await page.click('.row:has-text("Dora")', { button: 'right' });
    await page.click('[role=menuitem]:has-text("标为未读")');
    await page.waitForSelector('.row.is-unread:has-text("Dora") .badge');
    await page.click('.row:has-text("Dora")');
    await eventually('it is read', async () => {
      const dora = crowd.visitors.find(({ name }) => name === 'Dora');
      return !(await ask(agent, 'GET', `conversations/${dora.conversation}`)).marked_unread;
    });
  });

  await stage('a message in another chat: a notice, a badge, a number in the title', async () => {
    await page.click('.row:has-text("Carla")');
    await agent.sees('Hello?');
    const dora = crowd.visitors.find(({ name }) => name === 'Dora');
    // It is there for some seconds only.
    await Promise.all([
      page.waitForSelector('.notice.is-message:has-text("Are you there?")'),
      crowd.say(dora, 'Are you there?'),
    ]);
    await page.waitForSelector('.row:has-text("Dora") .badge:has-text("1")');
    await eventually('the title counts', async () => /^\(\d+\)/.test(await page.title()));
    await page.keyboard.press('Alt+U');
    await agent.sees('Are you there?');
  });

  await stage('sorted by the longest without an answer, and compact', async () => {
    await page.click('.list-header .popover-root:last-of-type > button');
    await page.click('.list-header .menu-item >> nth=1');
    await page.click('.list-header > .icon-button');
    await page.waitForSelector('.list-rows.is-compact');
    assert.deepEqual(await names(), ['王芳', 'Carla', 'Dora']);
    await looks(agent, '12-compact');
    await page.click('.list-header .popover-root:last-of-type > button');
    await page.click('.list-header .menu-item >> nth=0');
    await page.click('.list-header > .icon-button');
  });

  await stage('what calls and how, the connection, the menu of the own picture', async () => {
    await page.click('.rail-item[aria-label="消息提醒"]');
    await page.waitForSelector('.alerts-panel');
    await page.check('[aria-label="新访客排队: 标题"]');
    await looks(agent, '13-alerts');
    await page.keyboard.press('Escape');
    await page.click('.rail-item:has(> .dot)');
    await page.waitForSelector('.facts-popover dd:has-text("00:0")');
    await looks(agent, '14-connection');
    await page.keyboard.press('Escape');
    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press('Alt+S');
    await page.waitForSelector('.status-reasons');
    await looks(agent, '15-status');
    await page.click('.status-reasons .chip-button:has-text("会议")');
    await page.waitForSelector('.status-menu', { state: 'detached' });
    await page.keyboard.press('Alt+S');
    await page.waitForSelector('.status-menu .hint:has-text("会议")');
    await page.keyboard.press('Escape');
  });

  await stage('panes are made wider by keyboard and by hand, and stay so', async () => {
    const width = () => page.$eval('.list-pane', (pane) => pane.offsetWidth);
    await page.focus('.divider >> nth=0');
    await page.keyboard.press('ArrowRight');
    assert.equal(await width(), 336);
    const box = await page.locator('.divider').first().boundingBox();
    await page.mouse.move(box.x, 400);
    await page.mouse.down();
    await page.mouse.move(box.x + 40, 400);
    await page.mouse.up();
    assert.equal(await width(), 376);
    await page.reload();
    await page.waitForSelector('.list-rows');
    assert.equal(await width(), 376);
    await page.dblclick('.divider >> nth=0');
    assert.equal(await width(), 320);
    await page.keyboard.press('Alt+I');
    await page.waitForSelector('.details-pane', { state: 'hidden' });
    await page.keyboard.press('Alt+I');
    await page.waitForSelector('.details-pane', { state: 'visible' });
  });

  await stage('smaller: details lie over the chat, then one pane and a bar below', async () => {
    await page.setViewportSize({ width: 1100, height: 800 });
    await page.waitForSelector('.details-pane', { state: 'hidden' });
    await page.keyboard.press('Alt+I');
    await page.waitForSelector('.details-pane', { state: 'visible' });
    await agent.picture('16-overlay');
    await page.keyboard.press('Escape');
    await page.setViewportSize({ width: 320, height: 640 });
    await agent.picture('17-small-chat');
    await page.click('.back:visible');
    await page.waitForSelector('.row:visible');
    await looks(agent, '18-small-list');
    await page.click('.rail-more button');
    await agent.picture('19-small-more');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Alt+S');
    await agent.picture('20-small-status');
    await page.keyboard.press('Escape');
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  await stage('cut off: it says so, then how much came; another version is offered', async () => {
    await server.kill();
    await page.waitForSelector('.banner.is-warn');
    await looks(agent, '21-reconnecting');
    await page.context().setOffline(true);
    await page.waitForSelector('.banner:has-text("网络已断开")');
    await agent.picture('22-offline');
    await page.context().setOffline(false);
    await page.route('**/console/', async (route) => {
      const answer = await route.fetch();
      const body = (await answer.text()).replace(/assets\/index-[^".]+\.js/, 'assets/other.js');
      await route.fulfill({ response: answer, body });
    });
    const dora = crowd.visitors.find(({ name }) => name === 'Dora');
    const restart = async () => {
      await server.start();
      await crowd.say(dora, 'Still there?');
    };
    // It is there for a moment only.
    await Promise.all([page.waitForSelector('.banner.is-ok'), restart()]);
    await agent.picture('23-back');
    await page.waitForSelector('.banner.is-info');
    await looks(agent, '24-new-version');
    await page.unroute('**/console/');
  });

  const english = await person(Agent, 'alex', { locale: 'en' });
  await stage('in English, with the rights of an agent', async () => {
    await english.signIn(colleague);
    await english.page.waitForSelector('.list-pane .pane-state');
    await looks(english, '1-empty');
    await english.page.keyboard.press('?');
    await english.page.waitForSelector('.sheet-groups');
    await looks(english, '2-sheet');
    await english.page.keyboard.press('Escape');
    await english.page.keyboard.press('Control+k');
    await english.page.waitForSelector('.palette input');
    await looks(english, '3-palette');
    await english.page.keyboard.press('Escape');
    await english.page.keyboard.press('Alt+S');
    await looks(english, '4-status');
    await english.page.click('.status-menu a.menu-item');
  });

  await stage('a second factor: a wrong password, a wrong code, then recovery codes', async () => {
    const { page } = english;
    await page.waitForSelector('.factor-state');
    await page.waitForSelector('.session-current');
    await looks(english, '5-profile');
    await page.click('.factor-state .button');
    await page.fill('.factor-form input', 'not my password');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.factor-form .form-error');
    await page.fill('.factor-form input', colleague.password);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.factor-secret code');
    await looks(english, '6-secret');
    const secret = await page.textContent('.factor-secret code');
    await page.fill('.factor-form input', '000000');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.factor-form .form-error');
    await english.picture('7-wrong-code');
    await page.fill('.factor-form input', totp(secret));
    await page.keyboard.press('Enter');
    await page.waitForSelector('.recovery-codes');
    await looks(english, '8-recovery');
    const codes = await page.$$eval('.recovery-codes code', (all) =>
      all.map((each) => each.textContent),
    );
    await page.click('.factor-buttons .is-primary');
    await page.waitForSelector('.factor-mark.is-on');

    await page.keyboard.press('Alt+S');
    await page.click('.status-menu > .menu-item:last-child');
    await page.fill('input[type=email]', colleague.email);
    await page.fill('input[type=password]', colleague.password);
    await page.keyboard.press('Enter');
    await page.waitForSelector('input[autocomplete=one-time-code]');
    await looks(english, '9-sign-in-code');
    await page.keyboard.type('XXXX-XXXX');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.form-error');
    await page.fill('input[autocomplete=one-time-code]', codes[0]);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.rail-item > .dot.is-online');
    assert.match(page.url(), /#\/profile/);
    await page.waitForSelector('.hint:has-text("9 recovery codes")');

    await page.click('.factor-state .button');
    await page.fill('.factor-form input >> nth=0', colleague.password);
    await page.fill('.factor-form input >> nth=1', 'XXXX-XXXX');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.factor-form .form-error');
    assert.ok(await page.$('.rail'), 'a wrong code signed the agent out');
    await page.fill('.factor-form input >> nth=1', codes[1]);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.factor-mark:not(.is-on)');
  });

  await stage('the own password is changed with the old one, and others are signed out', async () => {
    const other = await person(Agent, 'alex-with-old-password', { locale: 'en' });
    await other.signIn(colleague);
    const { page } = english;
    const change = page.getByRole('button', { name: 'Change password' });
    await page.reload();
    await change.click();
    const current = page.getByLabel('Current password', { exact: true });
    const fresh = page.getByLabel('New password', { exact: true });
    await current.fill('not the password');
    await fresh.fill('short');
    await change.click();
    await page.waitForSelector('.form-error:has-text("10 to 256")');
    await fresh.fill('quite another password');
    await change.click();
    await page.waitForSelector('.form-error:has-text("not right")');
    await looks(english, '9-password');
    await current.fill(colleague.password);
    await change.click();
    await page.waitForSelector('[role=status]:has-text("signed out")');
    await other.page.waitForSelector('input[type=email]');
    await other.page.context().close();
    colleague.password = 'quite another password';
  });

  await stage('another sign-in is seen and ended', async () => {
    const other = await person(Agent, 'alex-elsewhere', { locale: 'en' });
    await other.signIn(colleague);
    const { page } = english;
    await page.reload();
    await page.waitForSelector('.session-list .button');
    await english.picture('10-sessions');
    await page.click('.profile-section > .button');
    await other.page.waitForSelector('input[type=email]');
    await page.waitForSelector('.session-list .button', { state: 'detached' });
    await other.page.context().close();
    await page.setViewportSize({ width: 320, height: 640 });
    await looks(english, '11-profile-small');
  });
}
