/* Everything that was ever said is found again, and opened where it stands. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { ask, Crowd } from '../crowd.mjs';
import { Agent } from '../people.mjs';

const THEMES = ['light', 'dark'];

export default async function search({ server, person, stage, eventually, expectAccessible }) {
  const agent = await person(Agent, 'lin', { locale: 'zh-CN' });
  const english = await person(Agent, 'alex', { locale: 'en' });
  const { page } = agent;
  const crowd = new Crowd(server);
  const looks = async (who, what) => {
    for (const theme of THEMES) {
      await who.page.evaluate((theme) => (document.documentElement.dataset.theme = theme), theme);
      await who.picture(`${what}-${theme}`);
      await expectAccessible(who.page, `${who.name}: ${what}, ${theme}`);
    }
    await who.page.evaluate(() => (document.documentElement.dataset.theme = 'light'));
  };
  const marked = () => page.$$eval('.search-snippet mark', (all) => all.map((each) => each.textContent));

  await stage('Ctrl+Shift+F asks what to look for', async () => {
    await agent.signIn(server.agents[0]);
    await agent.setStatus('busy');
    const { conversation } = await crowd.arrive('王芳', '😀 你好，请问退款多久到账？');
    await ask(agent, 'POST', `conversations/${conversation}/accept`);
    for (let at = 1; at <= 60; at += 1) {
      const message = { client_id: randomUUID(), kind: 'text', text: `第 ${at} 条回复` };
      await ask(agent, 'POST', `conversations/${conversation}/messages`, message);
    }
    await crowd.arrive('Anna', 'My refund has not come. 退款');
    await page.keyboard.press('Control+Shift+F');
    await page.waitForSelector('.search-page input:focus');
    await looks(agent, '1-idle');
  });

  await stage('Chinese is found by any part, marked, and grouped by conversation', async () => {
    await page.keyboard.type('退款');
    await page.keyboard.press('Enter');
    await eventually('two conversations are found', async () => {
      await page.reload();
      await page.waitForSelector('.search-results, .pane-state');
      return (await page.$$('.search-group')).length === 2;
    });
    assert.deepEqual(await marked(), ['退款', '退款']);
    assert.match(page.url(), /#\/search\?q=/);
    await looks(agent, '2-found');
  });

  await stage('it opens at the message, however far back', async () => {
    await page.click('.search-hit:has-text("多久到账")');
    await agent.sees('请问退款多久到账？');
    await eventually('the message is in sight', () =>
      page.$eval('.bubble:has-text("请问退款多久到账？")', (bubble) => {
        const { top, bottom } = bubble.getBoundingClientRect();
        return top >= 0 && bottom <= innerHeight;
      }),
    );
    await agent.picture('3-opened');
    await page.goBack();
    await page.waitForSelector('.search-group');
  });

  await stage('filters stand in the address; nothing found says what to do', async () => {
    await page.selectOption('.search-filters select >> nth=3', 'note');
    await page.waitForSelector('.pane-state .pane-title');
    assert.match(page.url(), /kind=note/);
    await looks(agent, '4-nothing');
    await page.click('.search-filters .link-button');
    await page.waitForSelector('.search-group');
    await page.fill('.search-day input >> nth=0', '2020-01-01');
    await page.fill('.search-day input >> nth=1', '2020-12-31');
    await page.waitForSelector('.pane-state .pane-title');
    await page.click('.search-filters .link-button');
    await page.waitForSelector('.search-group');
  });

  await stage('tickets and articles with the same words stand above', async () => {
    const { items } = await ask(agent, 'GET', 'inboxes');
    const made = { subject: '退款未到账', inbox_id: items[0].id };
    await ask(agent, 'POST', 'tickets', made);
    const texts = { zh: { title: '退款多久到账', body: '三天内。' } };
    await ask(agent, 'POST', 'articles', { state: 'published', texts });
    await page.reload();
    await page.locator('.search-customers', { hasText: '退款未到账' }).waitFor();
    const found = page.locator('.search-customers', { hasText: '退款多久到账' });
    await found.waitFor();
    await looks(agent, '4-elsewhere');
    await found.getByRole('link', { name: '退款多久到账' }).click();
    await page.waitForURL(/#\/knowledge\//);
    await page.goBack();
    await page.waitForSelector('.search-group');
  });

  await stage('customers by the beginning of their name, and only what they wrote', async () => {
    await page.fill('.search-page input[type=search]', 'Anna');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.search-customer:has-text("Anna")');
    await agent.picture('5-customer');
    await page.click('.search-customer .icon-button');
    await eventually('the filter is set', async () => page.url().includes('customer_id='));
    await page.waitForSelector('.search-filters .link-button');
    await page.fill('.search-page input[type=search]', '退款');
    await page.keyboard.press('Enter');
    await eventually('one is left', async () => (await page.$$('.search-group')).length === 1);
  });

  await stage('a page with nothing in it is not the end', async () => {
    let asked = 0;
    await page.route('**/api/v1/search?**', async (route) => {
      asked += 1;
      if (asked < 3) {
        const empty = { items: [], has_more: true, next_cursor: 'later' };
        return route.fulfill({ json: empty });
      }
      const url = new URL(route.request().url());
      url.searchParams.delete('cursor');
      return route.continue({ url: url.href });
    });
    await page.reload();
    await page.waitForSelector('.search-group');
    assert.equal(asked, 3);
    await page.unroute('**/api/v1/search?**');
  });

  await stage('without an answer it says why, and tries again', async () => {
    await page.route('**/api/v1/search?**', (route) => route.abort());
    await page.reload();
    await page.waitForSelector('.search-page .pane-state[role=alert]');
    await looks(agent, '6-failed');
    await page.unroute('**/api/v1/search?**');
    await page.click('.search-page .pane-state .button');
    await page.waitForSelector('.search-group');
  });

  await stage('an agent finds only what is its own to read, on a phone, too', async () => {
    await english.signIn(server.agents[1]);
    const { items } = await ask(agent, 'GET', 'agents');
    const alex = items.find(({ email }) => email === server.agents[1].email);
    const [{ conversation }] = crowd.visitors;
    await ask(agent, 'POST', `conversations/${conversation}/transfer`, { agent_id: alex.id });
    await english.page.setViewportSize({ width: 320, height: 640 });
    await english.page.goto(`${server.origin}/console/#/search?q=${encodeURIComponent('多久到账')}`);
    await english.page.reload();
    await english.page.waitForSelector('.search-group');
    await looks(english, '1-small');
    await english.page.setViewportSize({ width: 1440, height: 900 });
    await looks(english, '2-wide');
  });
}
