/* What an agent knows of the people who write: the details column and the pages of customers. */
import assert from 'node:assert/strict';
import { everyLook } from '../looks.mjs';
import { Caller, rest } from '../outside.mjs';
import { Agent } from '../people.mjs';
import { settled } from '../settled.mjs';

const SHOP = 'https://shop.example';

export default async function people({ server, person, stage, eventually, expectAccessible }) {
  const boss = await person(Agent, 'boss', { locale: 'zh-CN' });
  const { page } = boss;
  const card = (name) => page.locator(`[data-card=${name}]`);
  const contact = card('contact');
  const field = (name) => page.locator('.edit-form .field', { hasText: name });

  await boss.signIn(server.agents[0]);
  const inbox = (await rest(boss, 'GET', 'inboxes')).items.find(({ key }) => key === 'web');
  await rest(boss, 'PATCH', `inboxes/${inbox.id}`, {
    settings: { ...inbox.settings, first_response_target_s: 1 },
  });
  await page.reload();
  const fang = await Caller.arrive(server, {
    name: '王芳',
    email: 'wang.fang@example.com',
    attributes: { timezone: 'Asia/Shanghai', language: 'zh-CN', 会员: '金卡' },
  });
  await fang.looksAt(`${SHOP}/bags`, '箱包', 'https://search.example/');
  await fang.looksAt(`${SHOP}/cart`, '购物车', `${SHOP}/bags`);
  await fang.say('我的包裹到哪里了？');

  const openFang = async () => {
    await page.goto(`${server.origin}/console/#/all/${fang.conversation}`);
    await page.waitForSelector('[data-card=contact] .identities');
  };

  await stage('a visitor whose identity is proven is told apart', async () => {
    const { items } = await rest(boss, 'GET', 'conversations?view=all');
    const proven = items.find(({ visitor }) => visitor.verified);
    await page.goto(`${server.origin}/console/#/all/${proven.id}`);
    await contact.locator('.identity.is-verified').waitFor();
    await contact.getByText('客户编号 demo-').waitFor();
    await boss.picture('verified');
  });

  await stage('the column tells who writes, from where, and how it stands', async () => {
    await openFang();
    await page.keyboard.press('Alt+A');
    await page.waitForSelector('.chat-header .state-tag.is-open');
    await contact.getByText('w***@example.com', { exact: false }).first().waitFor();
    await card('now').getByText('购物车').waitFor();
    await card('now').getByText('浏览轨迹').waitFor();
    await card('now').getByText('Asia/Shanghai').waitFor();
    await card('conversation').getByText('首次响应').waitFor();
    await card('attributes').getByText('金卡').waitFor();
    await card('previous').getByText('首次来访').waitFor();
    await card('tickets').getByText('暂无关联工单').waitFor();
  });

  await stage('clocks, priority and tags of the conversation', async () => {
    await card('conversation').getByText('已超过目标 0:01').waitFor();
    await card('conversation').getByLabel('优先级').selectOption('urgent');
    await eventually('it is urgent', async () =>
      (await rest(boss, 'GET', `conversations/${fang.conversation}`)).priority === 'urgent');
    const tag = await rest(boss, 'POST', 'tags', { name: '物流', colour: '#3366cc' });
    await rest(boss, 'PUT', `conversations/${fang.conversation}/tags`, { tags: [tag.id] });
    await page.reload();
    await card('conversation').locator('.tag-list', { hasText: '物流' }).waitFor();
  });

  await stage('cards close and move by menu and by mouse, and stay so after a reload', async () => {
    const order = () =>
      page.$$eval('[data-card]', (all) => all.map((each) => each.dataset.card).join(' '));
    const before = await order();
    assert.match(before, /^contact now conversation/);
    await card('now').locator('.card-menu').click();
    await page.waitForSelector('.popover :focus');
    await page.keyboard.press('Enter');
    await eventually('the card is first', async () =>
      (await order()).startsWith('now contact conversation'));
    const said = page.locator('.details-pane [role=status]', { hasText: '第 1 位' });
    await said.waitFor({ state: 'attached' });
    const focused = () => page.evaluate(() => document.activeElement.className);
    await eventually('the focus stays', async () => /card-menu/.test(await focused()));
    await card('attributes').locator('.card-toggle').click();
    await page.reload();
    await page.waitForSelector('[data-card=contact] .identities');
    assert.match(await order(), /^now contact/);
    assert.equal(await card('attributes').locator('.card-body').count(), 0);
    await card('attributes').locator('.card-toggle').click();

    // The card above grows until all of it has come.
    await card('now').getByText('Asia/Shanghai').waitFor();
    await card('now').getByText('浏览轨迹').waitFor();
    await card('now').locator('.trail').last().waitFor();
    const grip = await card('contact').locator('.card-grip').boundingBox();
    await page.mouse.move(grip.x + 8, grip.y + 8);
    await page.mouse.down();
    await page.mouse.move(grip.x + 8, grip.y - 30, { steps: 4 });
    await page.mouse.move(grip.x + 8, grip.y - 200, { steps: 8 });
    await page.mouse.up();
    await eventually('it is first again', async () => /^contact now/.test(await order()));
  });

  await stage('contact data is edited in its place, and a wrong field says so', async () => {
    await contact.getByRole('button', { name: '编辑' }).click();
    await field('手机').locator('input').fill('不是号码');
    await page.locator('.edit-form').getByRole('button', { name: '保存' }).click();
    await field('手机').locator('[role=alert]').waitFor();
    assert.equal(await field('手机').locator('input').getAttribute('aria-invalid'), 'true');
    await boss.picture('edit-wrong');
    await field('手机').locator('input').fill('13800138000');
    await page.locator('.edit-form').getByRole('button', { name: '保存' }).click();
    await contact.getByText('138****8000').waitFor();
  });

  await stage('who was slower keeps what they typed and takes the newer one', async () => {
    await contact.getByRole('button', { name: '编辑' }).click();
    await field('客户备注').locator('textarea').fill('喜欢顺丰');
    const { version } = await rest(boss, 'GET', `customers/${fang.id}`);
    await rest(boss, 'PATCH', `customers/${fang.id}`, { version, name: '王小芳' });
    await page.locator('.edit-form').getByRole('button', { name: '保存' }).click();
    await page.getByText('其他人刚刚修改了该客户的资料').waitFor();
    await boss.picture('edit-conflict');
    await page.getByRole('button', { name: '载入最新资料' }).click();
    await eventually('the newer name is there', async () =>
      (await field('姓名').locator('input').inputValue()) === '王小芳');
    assert.equal(await field('客户备注').locator('textarea').inputValue(), '喜欢顺丰');
    await page.locator('.edit-form').getByRole('button', { name: '保存' }).click();
    await contact.getByText('喜欢顺丰').waitFor();
    assert.equal((await rest(boss, 'GET', `customers/${fang.id}`)).phone, '138****8000');
  });

  await stage('what is masked is shown for a reason', async () => {
    await contact.getByRole('button', { name: '查看完整信息' }).click();
    const dialog = page.getByRole('dialog');
    const show = dialog.getByRole('button', { name: '查看', exact: true });
    assert.equal(await show.isDisabled(), true);
    await dialog.getByLabel('查看原因').fill('快递需要联系');
    await expectAccessible(page.mainFrame(), 'reveal dialog');
    await boss.picture('reveal');
    await page.keyboard.press('Enter');
    await contact.getByText('13800138000').waitFor();
    await contact.getByRole('button', { name: '重新隐藏' }).click();
    await contact.getByText('138****8000').first().waitFor();
    const { items } = await rest(boss, 'GET', 'audit');
    assert.ok(items.some((line) => line.action.includes('reveal')), 'the look is in the audit log');
  });

  await stage('an identity is added and removed', async () => {
    await contact.getByRole('button', { name: '更多客户操作' }).click();
    await contact.getByText('添加身份标识').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('类型').selectOption('wechat_openid');
    await dialog.getByLabel('内容').fill('o-fang');
    await dialog.getByLabel('应用或账号').fill('wx-shop');
    await boss.picture('identity');
    await dialog.getByRole('button', { name: '添加' }).click();
    await contact.getByText('o-fang', { exact: true }).waitFor();
    await contact.getByRole('button', { name: '移除 o-fang' }).click();
    await page.getByRole('dialog').getByRole('button', { name: '移除' }).click();
    await contact.getByText('o-fang', { exact: true }).waitFor({ state: 'detached' });
  });

  const second = await Caller.arrive(server, { name: '小芳芳' });
  await second.say('上次的发票还没收到');
  await rest(boss, 'POST', `conversations/${second.conversation}/accept`);
  await rest(boss, 'POST', `conversations/${second.conversation}/resolve`);

  await stage('a merge says what happens, brings the history, and is undone', async () => {
    await openFang();
    await contact.getByRole('button', { name: '更多客户操作' }).click();
    await contact.getByText('合并客户').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('与谁是同一人').fill('小芳');
    await dialog.locator('.candidate', { hasText: '小芳芳' }).click();
    await dialog.getByText('合并可以撤销').waitFor();
    await expectAccessible(page.mainFrame(), 'merge dialog');
    await boss.picture('merge');
    await dialog.getByRole('button', { name: '合并', exact: true }).click();
    await contact.getByText('撤销合并').waitFor();
    await card('previous').getByText('上次的发票还没收到').waitFor();
    await boss.picture('merged');
  });

  await stage('an earlier conversation is previewed, and read in the column', async () => {
    const row = card('previous').locator('.previous-row');
    await row.hover();
    await page.locator('.preview .line-text', { hasText: '发票' }).waitFor();
    await boss.picture('preview');
    await page.mouse.move(600, 400);
    await page.locator('.preview').waitFor({ state: 'detached' });
    await row.focus();
    await page.locator('.preview .line-text').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.preview').waitFor({ state: 'detached' });
    await page.keyboard.press('Enter');
    await page.locator('.past .line-text', { hasText: '发票' }).waitFor();
    await boss.picture('past');
    await expectAccessible(page.mainFrame(), 'earlier conversation');
    await page.keyboard.press('Enter');
    await page.locator('.past').waitFor({ state: 'detached' });
    const focused = () => page.evaluate(() => document.activeElement.className);
    await eventually('the focus is back', async () => (await focused()) === 'previous-row');

    await contact.getByRole('button', { name: '撤销合并' }).click();
    await page.getByRole('dialog').getByRole('button', { name: '撤销合并' }).click();
    await card('previous').getByText('首次来访').waitFor();
  });

  await stage('a blocked customer is kept out until the block ends', async () => {
    const ask = async () => {
      await contact.getByRole('button', { name: '更多客户操作' }).click();
      await contact.getByText('拉黑').click();
    };
    await ask();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('原因').fill('辱骂');
    await boss.picture('block');
    await expectAccessible(page.mainFrame(), 'block dialog');
    await dialog.getByRole('button', { name: '拉黑', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await assert.rejects(fang.say('还在吗'));
    await ask();
    await dialog.getByText('该客户已被拉黑').waitFor();
    await boss.picture('blocked');
    await dialog.getByRole('button', { name: '解除拉黑' }).click();
    await dialog.getByText('该客户已被拉黑').waitFor({ state: 'detached' });
    await dialog.getByRole('button', { name: '取消' }).click();
    await fang.say('还在吗');
  });

  await stage('a card that fails, hangs or is denied costs only itself', async () => {
    const path = `**/customers/${fang.id}/conversations*`;
    await page.route(path, (route) => route.abort());
    await page.route('**/visitors/*/pages', () => undefined);
    await page.route('**/conversations/*/tags', (route) =>
      route.fulfill({ status: 403, json: { code: 'forbidden' } }),
    );
    await page.reload();
    await contact.getByText('138****8000').first().waitFor();
    await card('previous').locator('[role=alert]').waitFor();
    await card('now').locator('.skeleton-lines').waitFor();
    await card('conversation').getByText('没有此操作的权限').waitFor();
    await boss.picture('card-states');
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await card('previous').getByRole('button', { name: '重试' }).click();
    await card('previous').getByText('首次来访').waitFor();
    await page.reload();
  });

  await stage('the column in every look', () =>
    everyLook(boss, 'column', expectAccessible, async () => {
      await page.waitForSelector('[data-card=contact] .identities');
      await page.waitForSelector('[data-card=tickets] .customer-actions');
      await page.waitForSelector('[data-card=now] .trail');
    }));

  await stage('on a narrow screen the column lies over the conversation', async () => {
    const wide = page.viewportSize();
    await page.setViewportSize({ width: 320, height: 640 });
    await page.click('.details-button');
    await contact.getByText('138****8000').first().waitFor();
    await settled(page);
    await boss.picture('column-over');
    await expectAccessible(page.mainFrame(), 'column over the conversation');
    await contact.getByRole('button', { name: '更多客户操作' }).click();
    await contact.getByText('合并客户').click();
    await page.getByRole('dialog').getByLabel('与谁是同一人').fill('小');
    await page.locator('.candidate').first().waitFor();
    await boss.picture('merge-narrow');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const focused = () => page.evaluate(() => document.activeElement.ariaLabel);
    await eventually('the focus is back', async () => (await focused()) === '更多客户操作');
    assert.equal(await page.locator('[data-details=true]').count(), 1, 'the column is still open');
    await page.setViewportSize(wide);
  });

  await stage('customers are found, and the search is in the address', async () => {
    await page.click('.rail a[href="#/customers"]');
    await page.waitForSelector('.recent-people');
    await page.fill('.search-field input', '王');
    await page.locator('.people-table', { hasText: '王小芳' }).waitFor();
    assert.match(page.url(), /q=/);
    await page.fill('.search-field input', '没有这个人');
    await page.getByText('没有匹配“没有这个人”的客户').waitFor();
    await boss.picture('customers-none');
    await page.route('**/api/v1/customers?*', (route) => route.abort());
    await page.fill('.search-field input', '失败');
    await page.locator('.page [role=alert]').waitFor();
    await boss.picture('customers-failed');
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await page.click('.rail a[href="#/customers"]');
    await page.waitForSelector('.recent-people');
    await boss.picture('customers-recent');
    await page.goBack();
    await page.fill('.search-field input', '王');
    await page.locator('.people-table', { hasText: '王小芳' }).waitFor();
    await everyLook(boss, 'customers', expectAccessible, () =>
      page.waitForSelector('.people-table tbody tr'),
    );
  });

  await stage('the profile holds everything of a customer', async () => {
    await page.click('.people-table .person-link');
    await page.locator('.profile-head h1', { hasText: '王小芳' }).waitFor();
    await page.locator('.panel', { hasText: '会话记录' }).getByText('还在吗').waitFor();
    await page.locator('.panel', { hasText: '浏览轨迹' }).getByText('购物车').waitFor();
    await everyLook(boss, 'profile', expectAccessible, () =>
      page.waitForSelector('.profile .privacy'),
    );
  });

  await stage('data is exported, held, released and erased', async () => {
    const privacy = page.locator('.privacy');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      privacy.getByText('导出全部数据').click(),
    ]);
    assert.match(download.suggestedFilename(), /json/);
    await privacy.getByRole('button', { name: '设置依法保留' }).click();
    await page.getByRole('dialog').getByLabel('原因').fill('诉讼中');
    await boss.picture('hold');
    await page.getByRole('dialog').getByRole('button', { name: '设置依法保留' }).click();
    await privacy.getByText('依法保留：诉讼中').waitFor();
    assert.equal(await privacy.getByRole('button', { name: '彻底删除客户' }).isDisabled(), true);
    await boss.picture('held');
    await privacy.getByRole('button', { name: '解除依法保留' }).click();
    await page.getByRole('dialog').getByRole('button', { name: '解除依法保留' }).click();
    await privacy.getByRole('button', { name: '彻底删除客户' }).click();
    const dialog = page.getByRole('dialog');
    const erase = dialog.getByRole('button', { name: '彻底删除', exact: true });
    assert.equal(await erase.isDisabled(), true);
    await dialog.locator('input').fill('王小芳');
    await expectAccessible(page.mainFrame(), 'erase dialog');
    await boss.picture('erase');
    await erase.click();
    await page.locator('.report.is-done', { hasText: '已彻底删除' }).waitFor();
    await page.getByText('还在吗').waitFor({ state: 'detached' });
    await boss.picture('erased');
  });

  await stage('an agent is not offered what only others may do', async () => {
    const alex = await person(Agent, 'agent', { locale: 'en' });
    await alex.signIn(server.agents[1]);
    await second.say('One more thing');
    const me = await rest(alex, 'GET', 'auth/me');
    const path = `conversations/${second.conversation}`;
    // It may be given out to either of them meanwhile.
    await eventually('the conversation is with the agent', async () => {
      await rest(boss, 'POST', `${path}/transfer`, { agent_id: me.id }).catch(() => undefined);
      return (await rest(boss, 'GET', path)).assignee?.id === me.id;
    });
    await rest(boss, 'PATCH', `customers/${second.id}`, {
      version: (await rest(boss, 'GET', `customers/${second.id}`)).version,
      phone: '13900139000',
    });
    await alex.page.goto(`${server.origin}/console/#/mine/${second.conversation}`);
    const own = alex.page.locator('[data-card=contact]');
    await own.getByText('139****9000').waitFor();
    assert.equal(await own.getByRole('button', { name: 'Show in clear' }).count(), 0);
    await own.getByRole('button', { name: 'More about this customer' }).click();
    await own.getByText('Merge with another').waitFor();
    assert.equal(await own.getByText('Block').count(), 0);
    await alex.page.goto(`${server.origin}/console/#/customers/${second.id}`);
    await alex.page.waitForSelector('.profile');
    assert.equal(await alex.page.locator('.privacy').count(), 0);
    await alex.page.goto(`${server.origin}/console/#/customers/${crypto.randomUUID()}`);
    await alex.page.getByText('There is no such customer').waitFor();
    await alex.picture('unknown');
  });
}
