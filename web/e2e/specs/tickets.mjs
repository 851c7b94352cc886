/* Tickets: left by visitors, made from conversations, worked on by agents. */
import assert from 'node:assert/strict';
import { everyLook } from '../looks.mjs';
import { Caller, rest } from '../outside.mjs';
import { Agent } from '../people.mjs';

export default async function tickets({ server, person, stage, eventually, expectAccessible }) {
  const boss = await person(Agent, 'boss', { locale: 'zh-CN' });
  const { page } = boss;
  const dialog = page.getByRole('dialog');
  const rows = page.locator('.tickets-table tbody tr');
  const shows = (what, count) => eventually(what, async () => (await rows.count()) === count);
  const list = () => page.goto(`${server.origin}/console/#/tickets`);
  await boss.signIn(server.agents[0]);

  await stage('there are none yet', async () => {
    await page.click('.rail a[href="#/tickets"]');
    await page.getByText('暂无工单').waitFor();
    await boss.picture('empty');
  });

  const guest = await Caller.arrive(server, { name: '李雷' });
  await guest.leaves('想问一下双肩包什么时候补货\n黑色的', { name: '李雷', phone: '13700137000' });

  await stage('an offline message is a ticket that says so', async () => {
    await page.reload();
    const row = page.locator('.tickets-table tbody tr', { hasText: '双肩包' });
    await row.getByText('离线留言').waitFor();
    await row.locator('.ticket-link').click();
    await page.locator('.panel', { hasText: '提交人' }).getByText('137****7000').waitFor();
  });

  await stage('how to reach its author is shown for a reason', async () => {
    await page.getByRole('button', { name: '查看完整信息' }).click();
    await dialog.getByLabel('查看原因').fill('需要回电');
    await page.keyboard.press('Enter');
    await page.getByText('13700137000').waitFor();
    await boss.picture('revealed');
    await page.getByRole('button', { name: '重新隐藏' }).click();
    await page.getByText('137****7000').waitFor();
  });

  await stage('each field is saved at once, and the history tells', async () => {
    const fields = page.locator('.ticket-fields');
    await fields.getByLabel('状态').selectOption('open');
    await page.locator('.history', { hasText: '处理中' }).waitFor();
    await fields.getByLabel('优先级').selectOption('urgent');
    await page.locator('.history', { hasText: '紧急' }).waitFor();
    await fields.getByLabel('受理人').selectOption({ label: '林晓（我）' });
    await page.locator('.history', { hasText: '林晓' }).waitFor();
    await fields.getByLabel('截止时间').fill('2020-01-02T03:04');
    await fields.getByLabel('截止时间').blur();
    await page.locator('.ticket-due.is-over').waitFor();
    await page.getByRole('button', { name: '修改标题' }).click();
    await page.getByRole('textbox', { name: '标题' }).fill('双肩包补货');
    await page.keyboard.press('Enter');
    await page.locator('h1', { hasText: '双肩包补货' }).waitFor();
  });

  await stage('its tags are shown by name', async () => {
    const id = page.url().split('/').pop();
    const tag = await rest(boss, 'POST', 'tags', { name: '补货', colour: '#3366cc' });
    const { version } = await rest(boss, 'GET', `tickets/${id}`);
    await rest(boss, 'PATCH', `tickets/${id}`, { version, tags: [tag.id] });
    await page.reload();
    await page.locator('.tag-list', { hasText: '补货' }).waitFor();
    await page.locator('.history').getByText('补货', { exact: true }).waitFor();
  });

  const id = page.url().split('/').pop();

  await stage('who was slower is told, and loads the newer one', async () => {
    const { version } = await rest(boss, 'GET', `tickets/${id}`);
    await rest(boss, 'PATCH', `tickets/${id}`, { version, priority: 'low' });
    await page.locator('.ticket-fields').getByLabel('状态').selectOption('pending');
    await page.getByText('您的修改未保存').waitFor();
    await boss.picture('conflict');
    await expectAccessible(page.mainFrame(), 'conflict');
    await page.getByRole('button', { name: '载入最新内容' }).click();
    await page.locator('.conflict').waitFor({ state: 'detached' });
    assert.equal(await page.locator('.ticket-fields').getByLabel('优先级').inputValue(), 'low');
    assert.equal(await page.locator('.ticket-fields').getByLabel('状态').inputValue(), 'open');
  });

  await stage('a comment that was not sent is kept, and goes out once', async () => {
    const sent = [];
    let isCut = true;
    await page.route('**/comments', async (route) => {
      if (route.request().method() !== 'POST') return route.continue();
      sent.push(route.request().postDataJSON());
      // It gets there, but the answer does not come back.
      if (isCut) await route.fetch().then(() => route.abort());
      else await route.continue();
    });
    await page.locator('.comment-form').getByRole('button', { name: '内部' }).click();
    await page.locator('.comment-form textarea').fill('供应商说下周到货');
    await page.keyboard.press('Control+Enter');
    await page.getByText('内容已保留').waitFor();
    await boss.picture('comment-failed');
    isCut = false;
    await page.locator('.comment-form').getByRole('button', { name: '重试' }).click();
    await page.locator('.comments li.is-internal', { hasText: '下周到货' }).waitFor();
    assert.equal(sent.length, 2);
    assert.equal(sent[0].client_id, sent[1].client_id);
    await page.reload();
    await page.locator('.comments', { hasText: '下周到货' }).waitFor();
    assert.equal(await page.locator('.comments li').count(), 1);
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await page.locator('.comment-form').getByRole('button', { name: '公开' }).click();
    await page.locator('.comment-form textarea').fill('您好，预计下周补货。');
    await page.locator('.comment-form').getByRole('button', { name: '发表评论' }).click();
    await page.locator('.comments li:not(.is-internal)', { hasText: '预计下周' }).waitFor();
  });

  await stage('tickets are found by two characters, by number, and in comments', async () => {
    await list();
    const search = page.getByRole('searchbox', { name: '搜索编号、标题、描述或评论' });
    for (const [words, count] of [
      ['补货', 1],
      ['到货', 1],
      ['#1', 1],
      ['没有的', 0],
    ]) {
      await search.fill(words);
      await shows(`what is found for ${words}`, count);
    }
    await page.getByText('没有符合条件的工单').waitFor();
    await page.getByRole('link', { name: '查看全部工单' }).click();
    await shows('all tickets again', 1);
    await eventually('nothing is looked for', async () => (await search.inputValue()) === '');
    const team = await rest(boss, 'POST', 'teams', { name: '补货组' });
    const { version } = await rest(boss, 'GET', `tickets/${id}`);
    await rest(boss, 'PATCH', `tickets/${id}`, { version, team_id: team.id });
    await page.reload();
    await page.getByLabel('受理组').selectOption({ label: '补货组' });
    await search.fill('补货');
    await page.waitForURL(/q=.*team=|team=.*q=/);
    await shows('those of the team', 1);
    await boss.picture('found');
    await expectAccessible(page.mainFrame(), 'tickets that were found');
    await page.getByLabel('受理组').selectOption({ label: '未分组' });
    await shows('none of no team', 0);
    await page.goto(`${server.origin}/console/#/tickets/${id}`);
  });

  await stage('a ticket in every look', () =>
    everyLook(boss, 'ticket', expectAccessible, async () => {
      await page.waitForSelector('.comments');
      await page.waitForSelector('.history');
    }));

  await guest.say('在吗？想退货');
  await stage('one is made, commented on and linked from a conversation', async () => {
    await page.goto(`${server.origin}/console/#/all/${guest.conversation}`);
    const card = page.locator('[data-card=tickets]');
    await card.getByText('暂无关联工单').waitFor();
    await card.getByRole('button', { name: '新建工单' }).click();
    await dialog.getByLabel('标题').fill('退货申请');
    await dialog.getByLabel('优先级').selectOption('high');
    await boss.picture('make-from-chat');
    await expectAccessible(page.mainFrame(), 'new ticket');
    await dialog.getByRole('button', { name: '创建' }).click();
    await card.getByText('退货申请').waitFor();
    await card.getByRole('button', { name: '评论' }).click();
    await card.locator('textarea').fill('已发退货地址');
    await card.getByRole('button', { name: '发表评论' }).click();
    await card.getByText('评论已发表').waitFor();
    await card.getByRole('button', { name: '关联工单' }).click();
    await dialog.getByLabel('选择工单').fill('没有的');
    await dialog.locator('.candidate').waitFor({ state: 'detached' });
    await dialog.getByLabel('选择工单').fill('补货');
    await dialog.locator('.candidate').click();
    await boss.picture('link');
    await expectAccessible(page.mainFrame(), 'link dialog');
    await dialog.getByRole('button', { name: '关联' }).click();
    await card.getByText('双肩包补货').waitFor();
    await boss.picture('card');
    await page.goto(`${server.origin}/console/#/tickets/${id}`);
    await page.locator('.linked a').waitFor();
    await page.locator('.linked .icon-button').click();
    await page.getByText('未关联会话').waitFor();
    await page.getByRole('button', { name: '关联会话' }).click();
    await dialog.locator('.candidate').click();
    await dialog.getByRole('button', { name: '关联', exact: true }).click();
    await page.locator('.linked a').waitFor();
  });

  await stage('one is made from the page', async () => {
    await list();
    await page.getByRole('button', { name: '新建工单' }).click();
    assert.equal(await dialog.getByRole('button', { name: '创建' }).isDisabled(), true);
    await dialog.getByLabel('标题').fill('整理知识库');
    await eventually('the inboxes are there', async () =>
      (await dialog.getByLabel('接入渠道').locator('option').count()) > 1);
    await dialog.getByLabel('接入渠道').selectOption({ index: 1 });
    await dialog.getByRole('button', { name: '创建' }).click();
    await page.locator('h1', { hasText: '整理知识库' }).waitFor();
  });

  await stage('the list is filtered, the filter is in the address', async () => {
    await list();
    await page.waitForSelector('.tickets-table');
    assert.equal(await rows.count(), 3);
    await page.getByLabel('优先级').selectOption('high');
    await shows('one is left', 1);
    assert.match(page.url(), /priority=high/);
    await page.locator('.ticket-filters').getByLabel('状态').selectOption('closed');
    await page.getByText('没有符合条件的工单').waitFor();
    await boss.picture('none');
    await page.getByText('查看全部工单').click();
    await shows('all of them', 3);
    // Not `check`, which looks once: the address says whether it is ticked.
    const late = page.getByLabel('仅看已逾期');
    await late.click();
    await eventually('it is ticked', () => late.isChecked());
    await shows('the one that is late', 1);
    await late.click();
    await eventually('it is not ticked', async () => !(await late.isChecked()));
    await shows('all again', 3);
    await page.locator('.ticket-link').first().focus();
    await page.keyboard.press('ArrowDown');
    const focused = await page.$$eval('.ticket-link', (links) =>
      links.indexOf(document.activeElement),
    );
    assert.equal(focused, 1);
    await page.route('**/api/v1/tickets*', (route) => route.abort());
    await page.locator('.ticket-filters').getByLabel('状态').selectOption('open');
    await page.locator('.page [role=alert]').waitFor();
    await boss.picture('list-failed');
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await page.locator('.page').getByRole('button', { name: '重试' }).click();
    await page.waitForSelector('.tickets-table');
    await list();
    await everyLook(boss, 'tickets', expectAccessible, () => rows.first().waitFor());
  });

  await stage('a closed ticket only opens again', async () => {
    await page.goto(`${server.origin}/console/#/tickets/${id}`);
    const fields = page.locator('.ticket-fields');
    await fields.getByLabel('状态').selectOption('closed');
    await page.getByText('已关闭的工单需重新打开后才能修改').waitFor();
    assert.equal(await fields.getByLabel('优先级').isDisabled(), true);
    await fields.getByLabel('状态').selectOption('open');
    await eventually('it opens', () => fields.getByLabel('优先级').isEnabled());
    await page.goto(`${server.origin}/console/#/tickets/${crypto.randomUUID()}`);
    await page.getByText('工单不存在').waitFor();
  });

  await stage('a ticket whose answer was lost is made once', async () => {
    await list();
    const sent = [];
    await page.route('**/api/v1/tickets', async (route) => {
      if (route.request().method() !== 'POST') return route.continue();
      sent.push(route.request().postDataJSON());
      // It gets there, but the answer does not come back.
      if (sent.length === 1) await route.fetch().then(() => route.abort());
      else await route.continue();
    });
    await page.getByRole('button', { name: '新建工单' }).click();
    await dialog.getByLabel('标题').fill('发票抬头有误');
    await dialog.getByLabel('渠道').selectOption({ index: 1 });
    await dialog.getByRole('button', { name: '创建' }).click();
    await dialog.getByRole('alert').waitFor();
    await dialog.getByRole('button', { name: '创建' }).click();
    await page.locator('h1', { hasText: '发票抬头有误' }).waitFor();
    assert.equal(sent[0].client_id, sent[1].client_id);
    const { items } = await rest(boss, 'GET', 'tickets?q=%E5%8F%91%E7%A5%A8');
    assert.equal(items.length, 1);
    await page.unrouteAll({ behavior: 'ignoreErrors' });
  });
}
