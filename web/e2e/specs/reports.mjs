/* What became of conversations, counted by the server, looked at by a supervisor; and the audit log. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { Agent } from '../people.mjs';
import { openPage, Rest } from '../rest.mjs';

const SCREENS = [
  { locale: 'zh-CN', theme: 'light' },
  { locale: 'zh-CN', theme: 'dark' },
  { locale: 'en', theme: 'light' },
  { locale: 'en', theme: 'dark' },
];
const WIDTHS = [1440, 320];

export default async function reports({ server, person, stage, eventually, expectAccessible }) {
  const rest = new Rest(server);
  const admin = await rest.signIn(server.agents[0]);
  const boss = await rest.makeAgent(admin.token, '周主管', 'supervisor');
  const one = await person(Agent, 'supervisor', { acceptDownloads: true });
  const { page } = one;

  await stage('visitors are answered, rated, and missed', async () => {
    const alex = await rest.signIn(server.agents[1]);
    await rest.call('PATCH', `agents/${alex.id}`, admin.token, { role: 'supervisor' });
    const second = await rest.signIn(server.agents[1]);
    for (const score of [5, 5, 4, 2]) await rest.talk(admin, `客户 ${score}`, { score });
    for (const score of [5, 3]) {
      await rest.talk(second, `Customer ${score}`, { score, inbox: 'shop-en' });
    }
    const missed = await rest.visit('Nobody', 'Is anybody there?');
    await rest.act(admin.token, missed.conversation, 'resolve');
    await rest.call('PATCH', `agents/${alex.id}`, admin.token, { role: 'agent' });
  });

  await stage('a supervisor finds the page in the rail', async () => {
    await one.signIn(boss);
    await one.setStatus('busy');
    await openPage(one, '', { locale: 'zh-CN' });
    await page.click('.rail a[href="#/reports"]');
    await page.waitForSelector('.tile-value');
  });

  await stage('the figures are those of the server', async () => {
    await choose(page, 'today');
    const { total } = await askReport(page, { by: 'day' });
    assert.ok(total.handled >= 6 && total.ratings.count >= 6, JSON.stringify(total));
    await eventually('the tiles show them', async () => {
      const tiles = await tileValues(page);
      return tiles['接待量'] === String(total.handled) && tiles['漏接量'] === String(total.missed);
    });
    const bars = await page.$$eval('.distribution li', (all) => all.map((each) => each.innerText));
    assert.match(bars[0], /5/);
  });

  await stage('each says what it means', async () => {
    const tile = page.locator('.tile', { hasText: '漏接量' });
    assert.equal(await tile.locator('.tile-explain').isVisible(), false);
    await tile.locator('.tile-info').click();
    assert.equal(await tile.locator('.tile-explain').isVisible(), true);
    assert.equal(await tile.locator('.tile-info').getAttribute('aria-expanded'), 'true');
    await one.picture('explained');
    await tile.locator('.tile-info').click();
  });

  await stage('by agent: bars, a table that sorts, an address that holds it', async () => {
    await pick(page, '统计维度', 'agent');
    await page.waitForSelector('.chart-box svg .chart-label.is-name');
    await page.click('.report-tabs .chip:has-text("满意度")');
    await page.waitForSelector('.chart-bar');
    await page.click('.report-table .sort-button:has-text("平均评分")');
    const order = () =>
      page.$$eval('.report-table tbody th', (all) => all.map((each) => each.textContent));
    const down = await order();
    await page.click('.report-table .sort-button:has-text("平均评分")');
    await eventually('the order turns', async () => (await order())[0] !== down[0]);
    assert.equal(
      await page.getAttribute('.report-table th[aria-sort]', 'aria-sort'),
      'ascending',
    );
    assert.match(page.url(), /range=today.*by=agent.*chart=ratings.*sort=ratingMean.*order=up/);
    const before = await order();
    await page.reload();
    await page.waitForSelector('.report-table tbody th');
    assert.deepEqual(await order(), before);
    await one.picture('by-agent');
  });

  await stage('a chart is read by keyboard', async () => {
    await page.focus('.chart-box');
    await page.keyboard.press('ArrowDown');
    const said = page.locator('.chart-box [role=status]');
    await eventually('the first row is read', async () => (await said.textContent()) !== '');
    await page.waitForSelector('.chart-tip');
    await one.picture('tooltip');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.chart-tip', { state: 'detached' });
    await page.click('.report-card-head .button');
    await page.waitForSelector('.report-table', { state: 'detached' });
    await page.click('.report-card-head .button');
  });

  await stage('filters narrow it down, and the days before are compared with', async () => {
    const whole = await tileValues(page);
    await pick(page, '渠道', { label: 'Lantern & Pine' });
    await eventually('less is counted', async () => {
      const tiles = await tileValues(page);
      return Number(tiles['接待量']) < Number(whole['接待量']);
    });
    const { total } = await askReport(page, { by: 'agent' });
    await page.route('**/api/v1/reports?*', async (route) => {
      const today = new Intl.DateTimeFormat('en-CA', { timeZone: 'UTC' }).format(new Date());
      if (route.request().url().includes(`to=${today}`)) return route.continue();
      const before = { ...total, opened: total.opened + 5, handled: 1, missed: 9 };
      const answer = { from: '', to: '', zone: 'UTC', by: 'agent', total: before, rows: [] };
      return route.fulfill({ json: answer });
    });
    // Not `check`, which looks once: the address says whether it is ticked.
    const compare = page.locator('.report-tools .check input');
    await compare.click();
    await eventually('it is ticked', () => compare.isChecked());
    await page.waitForSelector('.tile:has-text("接待量") .delta.is-good:has-text("增加")');
    await page.waitForSelector('.tile:has-text("漏接量") .delta.is-good:has-text("减少")');
    assert.match(page.url(), /compare=1/);
    await one.picture('compared');
    await page.unroute('**/api/v1/reports?*');
    await compare.click();
    await eventually('it is not ticked', async () => !(await compare.isChecked()));
    await pick(page, '渠道', '');
  });

  await stage('the server writes the file, in the language of the page', async () => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.click('.report-tools .button:has-text("CSV")'),
    ]);
    assert.match(download.suggestedFilename(), /^kefu-report-agent-\d{4}-\d\d-\d\d-.*\.csv$/);
    const text = await readFile(await download.path(), 'utf8');
    assert.equal(text.codePointAt(0), 0xfeff);
    assert.match(text, /客服,会话量,接待量/);
    assert.match(text, /林晓/);
  });

  await stage('by hour and by day there are lines, one place for each', async () => {
    await pick(page, '统计维度', 'hour');
    await page.click('.report-tabs .chip:has-text("会话")');
    await page.waitForSelector('.chart-box .chart-line-0', { state: 'attached' });
    await page.focus('.chart-box');
    await page.keyboard.press('End');
    await page.waitForSelector('.chart-tip');
    await page.click('.report-presets .chip:has-text("30")');
    await pick(page, '统计维度', 'day');
    await eventually(
      'thirty rows',
      async () => (await page.$$('.report-table tbody tr')).length === 30,
    );
    await page.$eval('.chart', (chart) => chart.scrollIntoView({ block: 'center' }));
    await one.picture('by-day');
    await page.click('.report-tabs .chip:has-text("满意度")');
    await page.waitForSelector('.chart-bar');
    await one.picture('by-day-stacked');
  });

  await stage('a range that cannot be is told at once, an empty one as well', async () => {
    await page.click('.report-presets .chip:has-text("自定义")');
    const [from, to] = await page.$$('.report-fields input[type=date]');
    await to.fill('2020-01-05');
    await page.waitForSelector('.form-error');
    await one.picture('fault');
    await from.fill('2020-01-01');
    await page.waitForSelector('.report-empty');
    await one.picture('empty');
  });

  await stage('what fails can be tried again, and too many reports say so', async () => {
    await page.route('**/api/v1/reports?*', (route) => route.abort());
    await choose(page, 'week');
    await page.waitForSelector('.pane-state[role=alert]');
    await one.picture('error');
    await page.unroute('**/api/v1/reports?*');
    await page.route('**/api/v1/reports?*', (route) =>
      route.fulfill({
        status: 429,
        contentType: 'application/problem+json',
        body: '{"code":"rate_limited","detail":"other reports are being made already"}',
      }),
    );
    await page.click('.pane-state .button');
    await page.waitForSelector('.pane-state:has-text("其他报表")');
    await page.unroute('**/api/v1/reports?*');
    await page.click('.pane-state .button');
    await page.waitForSelector('.tile-value');
  });

  await stage('reports in both languages, themes and widths, and on paper', async () => {
    for (const screen of SCREENS) {
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        await openPage(one, '#/reports?range=days30&by=agent&compare=1', screen);
        await page.waitForSelector('.delta');
        const name = `reports-${screen.locale}-${screen.theme}-${width}`;
        await expectAccessible(page, name);
        assert.ok(await fits(page), `${name} is wider than the window`);
        await one.picture(name);
        await page.$eval('.report-card', (card) => card.scrollIntoView());
        await one.picture(`${name}-chart`);
      }
    }
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.emulateMedia({ media: 'print' });
    await one.picture('print');
    await page.emulateMedia({ media: 'screen' });
  });

  await stage('who may not is told so', async () => {
    const alex = await person(Agent, 'agent');
    await alex.signIn(server.agents[1]);
    await openPage(alex, '#/reports', { locale: 'en' });
    await alex.page.waitForSelector('.pane-state[role=alert]');
    assert.equal(await alex.page.$('.rail a[href="#/reports"]'), null);
    assert.equal(await alex.page.$('.rail a[href="#/audit"]'), null);
    await alex.picture('denied');
    await alex.page.context().close();
  });

  const chief = await person(Agent, 'admin', { acceptDownloads: true });
  await audit(chief);

  async function audit(chief) {
    const { page } = chief;
    await stage('audit: the download is in the log, who did it by name', async () => {
      await chief.signIn(server.agents[0]);
      await openPage(chief, '#/audit', { locale: 'zh-CN' });
      await page.waitForSelector('.audit-line');
      await page.waitForSelector('.audit-row:has-text("导出报表"):has-text("周主管")');
      await page.click('.audit-row:has-text("导出报表")');
      await page.waitForSelector('.audit-detail:has-text("report.exported")');
      await chief.picture('audit');
    });

    await stage('audit: filters stand in the address', async () => {
      await page.selectOption('.audit-filters select >> nth=0', 'agent.');
      await eventually('only agents', async () => {
        const rows = await page.$$eval('.audit-action', (all) => all.map((e) => e.textContent));
        return rows.length > 0 && rows.every((each) => each.includes('客服'));
      });
      assert.match(page.url(), /action=agent/);
      await page.fill('.audit-filters input[type=search]', 'nonsense');
      await page.keyboard.press('Tab');
      await page.waitForSelector('.form-error');
      await page.click('.audit-filters > .button');
      await page.waitForSelector('.audit-line');
    });

    await stage('audit: the chain is whole', async () => {
      await page.click('.audit-verify .button');
      await page.waitForSelector('.audit-verdict .is-whole');
      await chief.picture('audit-whole');
      await page.route('**/api/v1/audit/verify', (route) =>
        route.fulfill({ json: { whole: false, lines: 12, head: '9c0f', broken_at: 13 } }),
      );
      await page.click('.audit-verify .button');
      await page.waitForSelector('.audit-verdict .is-broken');
      await chief.picture('audit-broken');
      await page.unroute('**/api/v1/audit/verify');
    });

    await stage('audit: what is found is saved', async () => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.click('.audit-export .button'),
      ]);
      const text = await readFile(await download.path(), 'utf8');
      assert.match(text, /^\uFEFFnumber,at,actor_kind/);
      assert.match(text, /report\.exported/);
    });

    await stage('audit: failures, both languages, themes and widths', async () => {
      await page.route('**/api/v1/audit?*', (route) => route.abort());
      await page.reload();
      await page.waitForSelector('.pane-state[role=alert]');
      await chief.picture('audit-error');
      await page.unroute('**/api/v1/audit?*');
      await page.click('.pane-state .button');
      for (const screen of SCREENS) {
        for (const width of WIDTHS) {
          await page.setViewportSize({ width, height: 900 });
          await openPage(chief, '#/audit', screen);
          await page.waitForSelector('.audit-line');
          await page.click('.audit-row >> nth=0');
          const name = `audit-${screen.locale}-${screen.theme}-${width}`;
          await expectAccessible(page, name);
          assert.ok(await fits(page), `${name} is wider than the window`);
          await chief.picture(name);
        }
      }
    });
  }
}

const PRESET_TEXTS = { today: '今天', week: '近 7 天' };

async function choose(page, preset) {
  await page.click(`.report-presets .chip:has-text("${PRESET_TEXTS[preset]}")`);
}

/** Chooses in the field with this label. */
function pick(page, label, value) {
  return page.getByLabel(label, { exact: true }).selectOption(value);
}

function askReport(page, extra) {
  return page.evaluate(async (more) => {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const day = new Intl.DateTimeFormat('en-CA', { timeZone: zone }).format(new Date());
    const query = new URLSearchParams({ from: day, to: day, zone, ...more });
    return (await fetch(`/api/v1/reports?${query}`)).json();
  }, extra);
}

function tileValues(page) {
  return page.$$eval('.tile', (tiles) =>
    Object.fromEntries(
      tiles.map((tile) => [
        tile.querySelector('.tile-name').textContent,
        tile.querySelector('.tile-value')?.firstChild.textContent,
      ]),
    ),
  );
}

/** Nothing is cut off at the side. */
function fits(page) {
  return page.evaluate(() => {
    const main = document.querySelector('.page');
    return main.scrollWidth <= main.clientWidth;
  });
}
