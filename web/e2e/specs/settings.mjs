/* An admin sets the company up: inboxes, teams, people, words and rights. */
import assert from 'node:assert/strict';
import { Agent } from '../people.mjs';

const SECTIONS = [
  'inboxes',
  'teams',
  'replies',
  'tags',
  'agents',
  'roles',
  'blocks',
  'keys',
  'retention',
];
const TABS = ['general', 'widget', 'hours', 'times', 'bot', 'retention', 'channels', 'install'];

export default async function settings({ server, person, stage, eventually, expectAccessible }) {
  const [adminLogIn, agentLogIn] = server.agents;
  const admin = await person(Agent, 'admin', { locale: 'zh-CN' });
  const { page } = admin;
  const field = (label) => page.getByLabel(label, { exact: true });
  const button = (name) => page.getByRole('button', { name, exact: true });
  const said = (text) => page.waitForSelector(`.announcer:has-text("${text}")`);
  const get = (path, from = page) =>
    from.evaluate((asked) => fetch(`/api/v1/${asked}`).then((answer) => answer.json()), path);
  const send = (method, path, body) =>
    page.evaluate(
      async ([method, path, body]) => {
        const answer = await fetch(`/api/v1/${path}`, {
          method,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
        return answer.status === 204 ? null : answer.json();
      },
      [method, path, body],
    );
  const inboxOf = async (key) => (await get('inboxes')).items.find((each) => each.key === key);
  const go = (path, on = page) =>
    on.evaluate((hash) => (location.hash = hash), `#/settings/${path}`);
  async function save(text = '保存') {
    await button(text).click();
    await page.waitForSelector('.save-bar', { state: 'detached' });
  }

  await stage('the admin opens the settings from the rail', async () => {
    await admin.signIn(adminLogIn);
    await page.click('.rail a[href="#/settings"]');
    await page.waitForSelector('.settings-nav [aria-current="page"]:has-text("接入渠道")');
    await page.click('.list-editor-row:has-text("灯与松")');
    await field('名称').waitFor();
  });

  await stage('what was typed is not lost by a click elsewhere', async () => {
    await field('欢迎语').fill('您好，有什么可以帮您？');
    await page.waitForSelector('.save-bar:has-text("有未保存的修改")');
    await page.click('.settings-nav a:has-text("标签")');
    await page.waitForSelector('dialog[open]:has-text("不保存就离开")');
    await admin.picture('leave');
    await expectAccessible(page, 'the question before one leaves');
    await button('取消').click();
    assert.equal(await field('欢迎语').inputValue(), '您好，有什么可以帮您？');
    await page.goBack();
    await page.waitForSelector('dialog[open]');
    await button('取消').click();
    assert.match(page.url(), /settings\/inboxes\/[0-9a-f-]{36}$/);
  });

  await stage('a wrong site is refused at its field, before the server is asked', async () => {
    await field('允许的网站').fill('shop.example\nhttps://ok.example');
    await button('保存').click();
    await page.waitForSelector(
      '.field:has-text("允许的网站") .form-error:has-text("shop.example")',
    );
    await field('允许的网站').fill(`${server.origin}\nhttps://ok.example`);
  });

  await stage('a save that fails keeps what was typed, and succeeds later', async () => {
    await server.kill();
    await button('保存').click();
    await page.waitForSelector('.save-bar .form-error');
    assert.equal(await field('欢迎语').inputValue(), '您好，有什么可以帮您？');
    await admin.picture('failed-save');
    await expectAccessible(page, 'a save that failed');
    await server.start();
    await page.waitForSelector('.rail-item > .dot.is-online');
    await save();
    await said('已保存');
    const inbox = await inboxOf('web');
    assert.equal(inbox.greeting, '您好，有什么可以帮您？');
    assert.deepEqual(inbox.origins, [server.origin, 'https://ok.example']);
  });

  await stage('hours: several spans a day, a holiday, and what overlaps is shown', async () => {
    await page.click('.settings-editor-tabs a:has-text("服务时间")');
    await page.getByLabel('设置服务时间').check();
    await page.getByLabel('时区').selectOption('Asia/Shanghai');
    await field('周一：结束时间').fill('12:00');
    await button('周一：添加时段').click();
    await field('周一：开始时间').nth(1).fill('11:00');
    await page.waitForSelector('.hours-day:has-text("周一") .form-error:has-text("重叠")');
    await admin.picture('hours-overlap');
    await expectAccessible(page, 'hours that overlap');
    await field('周一：开始时间').nth(1).fill('13:30');
    await field('周一：结束时间').nth(1).fill('22:00');
    await button('将周一的时段应用到周二至周五').click();
    await button('添加日期').click();
    const day = page.locator('.form-cards .form-card');
    await day.getByLabel('名称', { exact: true }).fill('元旦');
    await day.getByLabel('日期', { exact: true }).fill('2027-01-01');
    await day.getByLabel('至（多天时填写）').fill('2027-01-03');
    await save();
    const { hours } = (await inboxOf('web')).settings;
    assert.deepEqual(hours.week.friday, ['09:00-12:00', '13:30-22:00']);
    assert.deepEqual(hours.week.saturday, []);
    assert.deepEqual(hours.special_days, [
      { date: '2027-01-01', until: '2027-01-03', name: '元旦', open: [] },
    ]);
  });

  await stage('what somebody else changed meanwhile is named, and stays', async () => {
    await page.click('.settings-editor-tabs a:has-text("时效")');
    await field('排队时长').fill('2');
    const { id, settings } = await inboxOf('web');
    const theirs = { ...settings, help_hidden: true, waiting_target_s: 30 };
    await send('PATCH', `inboxes/${id}`, { settings: theirs });
    await field('提醒时间').fill('10');
    await button('保存').click();
    await page.waitForSelector('.form-error:has-text("提醒必须早于结束")');
    await field('结束时间').fill('15');
    await button('保存').click();
    const told = page.locator('.save-bar.is-conflict');
    await told.locator('li', { hasText: '帮助中心' }).waitFor();
    await told.locator('li', { hasText: '您也修改了' }).waitFor();
    assert.equal(await told.locator('li').count(), 2);
    await admin.picture('conflict');
    await expectAccessible(page, 'settings that others changed');
    assert.equal((await inboxOf('web')).settings.waiting_target_s, 30);
    await button('保留我的修改并保存').click();
    await page.waitForSelector('.save-bar', { state: 'detached' });
    const now = (await inboxOf('web')).settings;
    assert.equal(now.waiting_target_s, 120);
    assert.equal(now.idle_warn_s, 600);
    assert.equal(now.idle_close_s, 900);
    assert.equal(now.help_hidden, true);
  });

  await stage('or theirs are taken in place of one\'s own', async () => {
    await field('排队时长').fill('3');
    const { id, settings } = await inboxOf('web');
    await send('PATCH', `inboxes/${id}`, { settings: { ...settings, waiting_target_s: 240 } });
    await button('保存').click();
    await button('载入最新内容').click();
    await page.waitForSelector('.save-bar', { state: 'detached' });
    assert.equal(await field('排队时长').inputValue(), '4');
    await field('排队时长').fill('2');
    await save();
    assert.equal((await inboxOf('web')).settings.waiting_target_s, 120);
  });

  await stage('a bot: its rules are tried before they are saved', async () => {
    await page.click('.settings-editor-tabs a:has-text("机器人")');
    await page.getByLabel('由机器人先接待').check();
    await field('名称').fill('小松');
    await button('添加规则').click();
    await field('关键词').fill('退款，refund');
    await field('回答').fill('退款会在 3 个工作日内原路退回。');
    await field('访客发送').fill('我的 退款 呢');
    await page.waitForSelector('.try-it blockquote:has-text("3 个工作日")');
    await field('访客发送').fill('找真人');
    await page.waitForSelector('.try-it:has-text("转人工")');
    await field('转人工条件').fill('11');
    await button('保存').click();
    await page.waitForSelector('.form-error:has-text("1 至 10")');
    await field('转人工条件').fill('2');
    await save();
    const { bot } = (await inboxOf('web')).settings;
    assert.deepEqual(bot.rules, [
      { keywords: ['退款', 'refund'], exact: false, reply: '退款会在 3 个工作日内原路退回。' },
    ]);
    assert.equal(bot.handover_after, 2);
  });

  await stage('a bot that is switched off keeps its rules', async () => {
    await page.getByLabel('由机器人先接待').uncheck();
    await save();
    const { bot } = (await inboxOf('web')).settings;
    assert.deepEqual([bot.enabled, bot.rules.length], [false, 1]);
    await admin.picture('bot-off');
    await expectAccessible(page, 'a bot that is off');
    await page.getByLabel('由机器人先接待').check();
    await save();
  });

  await stage('what the server alone knows is shown at its field', async () => {
    await page.click('.settings-editor-tabs a:has-text("数据保留")');
    await page.locator('.settings-part input').first().fill('30');
    await page.route('**/api/v1/inboxes/*', (route) =>
      route.request().method() === 'PATCH'
        ? route.fulfill({
            status: 400,
            contentType: 'application/problem+json',
            body: JSON.stringify({
              title: 'Bad Request',
              status: 400,
              code: 'bad_frame',
              detail: 'this bot has no name',
              field: 'settings.bot.name',
            }),
          })
        : route.fallback(),
    );
    await button('保存').click();
    await page.waitForSelector('.field .form-error:has-text("this bot has no name")');
    await page.unroute('**/api/v1/inboxes/*');
    assert.match(page.url(), /bot$/);
    const focused = () => page.evaluate(() => document.activeElement.value);
    await eventually('what is wrong has the focus', async () => (await focused()) === '小松');
    await save();
    assert.equal((await inboxOf('web')).settings.retention.messages_days, 30);
  });

  await stage('the look: its colour says how well it can be read', async () => {
    await page.click('.settings-editor-tabs a:has-text("窗口外观")');
    await field('颜色代码').fill('#ffd400');
    await page.waitForSelector('.field-group:has-text("深色图标")');
    await page.getByLabel('左侧').check();
    await page.waitForSelector('.look-preview[data-side="left"]');
    await button('添加问题').click();
    await field('问题').fill('您的订单号');
    await field('回答类型').selectOption({ label: '数字' });
    await page.waitForSelector('.look-question:has-text("您的订单号")');
    await admin.picture('look');
    const asked = page.waitForRequest((each) => each.method() === 'PATCH');
    await page.route('**/api/v1/inboxes/*', (route) => route.abort());
    await button('保存').click();
    assert.deepEqual((await asked).postDataJSON().settings.widget, {
      colour: '#ffd400',
      side: 'left',
      pre_chat: [{ name: 'q1', label: '您的订单号', type: 'number', required: true }],
    });
    await page.waitForSelector('.save-bar .form-error:has-text("已保留")');
    await page.unroute('**/api/v1/inboxes/*');
    await button('放弃修改').click();
    await page.waitForSelector('.save-bar', { state: 'detached' });
  });

  await stage('the secret is shown once', async () => {
    await page.click('.settings-editor-tabs a:has-text("安装")');
    await page.waitForSelector('.code-box:has-text("data-inbox=\\"web\\"")');
    await button('生成新密钥').click();
    await page.locator('dialog').getByRole('button', { name: '生成新密钥' }).click();
    const secret = await page.textContent('dialog .code-box code');
    assert.match(secret, /^[\w-]{43}$/);
    await admin.picture('secret');
    await expectAccessible(page, 'the secret');
    await button('我已保存').click();
    assert.ok(!(await page.content()).includes(secret));
  });

  await stage('a new inbox, whose key is taken at first', async () => {
    await page.click('.settings-section-head a:has-text("添加")');
    await field('名称').fill('微信商城');
    await field('渠道标识').fill('web');
    await button('创建').click();
    await page.waitForSelector('.save-bar .form-error, .field .form-error');
    await field('渠道标识').fill('wechat');
    await button('创建').click();
    await page.waitForSelector('.list-editor-row[aria-current="true"]:has-text("微信商城")');
  });

  await stage('a team, with members and another team that helps out', async () => {
    await go('teams/new');
    await field('名称').fill('售前');
    await button('创建').click();
    await page.waitForSelector('.list-editor-row[aria-current="true"]:has-text("售前")');
    await page.click('.settings-section-head a:has-text("添加")');
    await page.waitForSelector('.settings-editor-title:has-text("新团队")');
    await field('名称').fill('售后');
    await page.getByLabel('Alex Morgan').check();
    await page.getByLabel('技能优先').check();
    await field('接入时限').fill('30');
    await field('“接入时限”的单位').selectOption('s');
    await page.getByLabel('允许其他团队支援').check();
    await button('创建').click();
    await page.waitForSelector('.list-editor-row[aria-current="true"]:has-text("1 名成员")');
    const [before, after] = (await get('teams')).items;
    assert.equal(after.settings.strategy, 'skill');
    assert.equal(after.settings.accept_timeout_s, 30);
    assert.deepEqual(after.settings.overflow, { after_s: 60, team_id: before.id });
    const alex = (await get('agents')).items.find((each) => each.name === 'Alex Morgan');
    assert.deepEqual(alex.teams, [after.id]);
  });

  await stage('a team that somebody else changed meanwhile: theirs, or one\'s own', async () => {
    const teamNow = async () => (await get('teams')).items.find((each) => each.name.startsWith('售后'));
    const changedElsewhere = async (change) => {
      const { id, version, name, settings } = await teamNow();
      await send('PATCH', `teams/${id}`, { version, name, settings: { ...settings, ...change } });
    };
    const told = page.locator('.save-bar.is-conflict');
    await field('排队上限').fill('20');
    await changedElsewhere({ max_queue: 50, relax_after_s: 90 });
    await button('保存').click();
    await told.locator('li', { hasText: '排队上限（您也修改了）' }).waitFor();
    assert.equal(await told.locator('li').count(), 2);
    await admin.picture('team-conflict');
    await expectAccessible(page, 'a team that others changed');
    assert.equal((await teamNow()).settings.max_queue, 50, 'nothing is written over before one has chosen');
    await button('载入最新内容').click();
    await page.waitForSelector('.save-bar', { state: 'detached' });
    assert.equal(await field('排队上限').inputValue(), '50');

    await field('排队上限').fill('20');
    await page.getByLabel('Alex Morgan').uncheck();
    await changedElsewhere({ max_queue: 60, relax_after_s: 120 });
    await button('保存').click();
    await told.waitFor();
    await button('保留我的修改并保存').click();
    await page.waitForSelector('.save-bar', { state: 'detached' });
    const { id, settings } = await teamNow();
    assert.equal(settings.max_queue, 20);
    assert.equal(settings.relax_after_s, 120, 'what only they changed is theirs');
    const alex = (await get('agents')).items.find((each) => each.name === 'Alex Morgan');
    assert.ok(!alex.teams.includes(id), 'members are saved with it');
    await page.getByLabel('Alex Morgan').check();
    await save();
  });

  await stage('a new agent signs in with the password that was made', async () => {
    await go('agents/new');
    await field('姓名').fill('陈晨');
    await field('邮箱').fill('chen@example.com');
    await field('初始密码').fill('short');
    await button('创建').click();
    await page.waitForSelector('.form-error:has-text("10 至 256")');
    await button('随机生成').click();
    const password = await field('初始密码').inputValue();
    assert.match(password, /^\w{16}$/);
    await button('创建').click();
    await page.waitForSelector('.list-editor-row[aria-current="true"]:has-text("陈晨")');
    const chen = await person(Agent, 'chen', { locale: 'zh-CN' });
    await chen.signIn({ email: 'chen@example.com', password });
    await field('技能，如“退款”').fill('退款');
    await field('技能，如“退款”').press('Enter');
    await field('“退款”的熟练程度').selectOption('5');
    await field('接待上限').fill('3');
    await save();
    const known = (await get('agents')).items.find((each) => each.name === '陈晨');
    assert.deepEqual(known.skills, { 退款: 5 });
    assert.equal(known.capacity, 3);
    await admin.picture('agent');

    await button('停用账号').click();
    await page.waitForSelector('dialog[open]:has-text("退出所有登录")');
    await page.locator('dialog').getByRole('button', { name: '停用账号' }).click();
    await page.waitForSelector('.settings-editor-title .form-chip');
    await chen.page.waitForSelector('input[type=password]');
    await chen.page.context().close();
    await button('启用账号').click();
    await page.waitForSelector('.settings-editor-title .form-chip', { state: 'detached' });
  });

  await stage('a role of the company’s own', async () => {
    await go('roles/new');
    await field('名称').fill('质检');
    await page.getByLabel('查看和导出统计').check();
    await button('创建').click();
    await page.waitForSelector('.list-editor-row[aria-current="true"]:has-text("1 项权限")');
    assert.deepEqual((await get('roles')).items[0].permissions, ['reports']);
  });

  await stage('a key is shown once, works, and is revoked', async () => {
    await go('keys');
    await button('新建密钥').click();
    await field('名称').fill('每日报表');
    await button('创建').click();
    await page.waitForSelector('.form-error:has-text("请至少选择一项")');
    await admin.picture('key');
    await expectAccessible(page, 'a new key');
    await page.locator('dialog').getByLabel('查看和导出统计').check();
    await button('创建').click();
    const token = await page.textContent('dialog .code-box code');
    const asked = () =>
      fetch(`${server.origin}/api/v1/reports/now`, {
        headers: { authorization: `Bearer ${token}` },
      });
    assert.equal((await asked()).status, 200);
    await button('我已保存').click();
    await page.waitForSelector('.form-card:has-text("每日报表")');
    await button('吊销').click();
    await page.locator('dialog').getByRole('button', { name: '吊销' }).click();
    await page.waitForSelector('.form-card:has-text("每日报表")', { state: 'detached' });
    assert.equal((await asked()).status, 401);
  });

  await stage('a canned reply with a variable', async () => {
    await go('replies/new');
    await field('标题').fill('问候');
    await field('快捷码').fill('hello');
    await field('内容').fill('您好 {{visitor.nam');
    await button('创建').click();
    await page.waitForSelector('.form-error:has-text("没有对应的")');
    await field('内容').fill('您好，');
    await button('访客姓名').click();
    await page.waitForSelector('.reply-bubble mark:has-text("王芳")');
    await button('创建').click();
    await page.waitForSelector('.list-editor-row[aria-current="true"]:has-text("/hello")');
    assert.equal((await get('canned-replies')).items[0].text, '您好，{{visitor.name}}');
    await go('replies/new');
    await field('标题').fill('又一个');
    await field('快捷码').fill('hello');
    await field('内容').fill('x');
    await button('创建').click();
    await page.waitForSelector('.save-bar .form-error');
    assert.equal(await field('标题').inputValue(), '又一个');
    await button('放弃修改').click();
  });

  await stage('a tag in its colour, and its removal', async () => {
    await go('tags/new');
    await field('名称').fill('退款');
    await field('分组').fill('售后');
    await button('#c0392b').click();
    await button('创建').click();
    await page.waitForSelector('.list-editor-group:has-text("售后") .tag-chip');
    assert.equal((await get('tags')).items[0].colour, '#c0392b');
    await button('删除标签').click();
    await page.locator('dialog').getByRole('button', { name: '删除标签' }).click();
    await page.waitForSelector('.list-editor-list .tag-chip', { state: 'detached' });
    await go('tags/new');
    await field('名称').fill('物流');
    await button('创建').click();
    await page.waitForSelector('.list-editor-list .tag-chip');
  });

  await stage('an address is kept out for a time', async () => {
    await go('blocks');
    await button('添加屏蔽').click();
    await field('地址或网段').fill('10.0.0.0/4');
    await button('屏蔽').click();
    await page.waitForSelector('dialog .field .form-error');
    await admin.picture('block');
    await expectAccessible(page, 'a new block');
    await field('地址或网段').fill('203.0.113.0/24');
    await field('原因').fill('广告');
    await field('有效期至').fill('2030-01-01T12:00');
    await button('屏蔽').click();
    await page.waitForSelector('.form-card:has-text("203.0.113.0/24"):has-text("广告")');
    assert.equal((await get('blocks')).items.length, 1);
  });

  await stage('what is kept for how long', async () => {
    await go('retention');
    await page.waitForSelector('.form-table tr:has-text("灯与松") td:has-text("30 天")');
  });

  await stage('a rehearsal lists what it did not send', async () => {
    assert.equal(await page.locator('.settings-nav a:has-text("演练记录")').count(), 0);
    const fulfil = (path, change) =>
      page.route(path, async (route) => {
        const answer = await route.fetch();
        await route.fulfill({ response: answer, json: change(await answer.json()) });
      });
    await fulfil('**/api/v1/widget/config*', (config) => ({ ...config, shadow: true }));
    await fulfil('**/api/v1/shadow/calls*', (calls) => ({
      ...calls,
      items: [
        {
          number: 1,
          at: '2026-11-28T10:00:00Z',
          kind: 'syslog',
          target: 'udp://log.example:514',
          summary: 'agent.changed',
        },
      ],
    }));
    await page.reload();
    await page.click('.settings-nav a:has-text("演练记录")');
    await page.waitForSelector('.form-table td:has-text("udp://log.example:514")');
    await admin.picture('rehearsal');
    await expectAccessible(page, 'a rehearsal');
    await page.unrouteAll();
  });

  await stage('an agent sees the replies alone, and shared ones as they are', async () => {
    const agent = await person(Agent, 'agent', { locale: 'zh-CN' });
    await agent.signIn(agentLogIn);
    await agent.page.click('.rail a[href="#/settings"]');
    await agent.page.waitForSelector('.list-editor-row:has-text("/hello")');
    assert.equal(await agent.page.locator('.settings-nav a').count(), 1);
    await agent.page.click('.list-editor-row:has-text("/hello")');
    await agent.page.waitForSelector('.settings-part:has-text("不能修改")');
    await go('inboxes', agent.page);
    await agent.page.waitForSelector('.pane-state:has-text("没有查看权限")');
    await agent.picture('denied');
    await agent.page.context().close();
  });

  const { id: inbox } = await inboxOf('web');
  const alex = (await get('agents')).items.find((each) => each.name === 'Alex Morgan').id;
  const [team] = (await get('teams')).items;
  const [role] = (await get('roles')).items;
  const [reply] = (await get('canned-replies')).items;
  const [tag] = (await get('tags')).items;
  const screens = [
    ...SECTIONS,
    ...TABS.map((tab) => `inboxes/${inbox}/${tab}`),
    'inboxes/new',
    `teams/${team.id}`,
    `agents/${alex}`,
    'agents/new',
    `roles/${role.id}`,
    `replies/${reply.id}`,
    `tags/${tag.id}`,
  ];
  const state = await page.context().storageState({ indexedDB: false });
  await page.context().close();
  for (const [locale, colorScheme] of [
    ['zh-CN', 'light'],
    ['zh-CN', 'dark'],
    ['en', 'light'],
    ['en', 'dark'],
  ]) {
    await stage(`every screen can be used by everybody: ${locale}, ${colorScheme}`, () =>
      look(locale, colorScheme, 1440),
    );
  }
  await stage('every screen fits 320 px', () => look('en', 'light', 320));

  async function look(locale, colorScheme, width) {
    const one = await person(Agent, `${locale}-${colorScheme}-${width}`, {
      locale,
      colorScheme,
      viewport: { width, height: 900 },
      storageState: state,
    });
    await one.page.addInitScript(
      (chosen) => localStorage.setItem('kefu-console-locale', chosen),
      locale,
    );
    for (const screen of screens) {
      await one.page.goto(`${server.origin}/console/#/settings/${screen}`);
      await one.page.waitForSelector('.settings-body :is(h1, h2):visible');
      await eventually(`${screen} is loaded`, async () => {
        const busy = '.page[aria-busy="true"], .part-loading, .skeleton-lines';
        return (await one.page.locator(busy).count()) === 0;
      });
      const name = screen.replace(/[0-9a-f-]{36}/, 'one').replaceAll('/', '-');
      await one.picture(name);
      if (width === 320) {
        const wide = await one.page.evaluate(() => {
          const { scrollWidth, clientWidth } = document.querySelector('.page');
          return scrollWidth - clientWidth;
        });
        assert.ok(wide <= 0, `${screen} is ${wide} px too wide`);
      }
      await expectAccessible(one.page, `${screen}, ${locale}, ${colorScheme}, ${width} px`);
    }
    await one.page.context().close();
  }
}
