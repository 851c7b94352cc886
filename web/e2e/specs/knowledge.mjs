/* Two people write the knowledge base, and a visitor reads it. */
import assert from 'node:assert/strict';
import { Agent } from '../people.mjs';

export default async function knowledge({ server, person, stage, eventually, expectAccessible }) {
  const [adminLogIn, agentLogIn] = server.agents;
  const writer = await person(Agent, 'writer', { locale: 'zh-CN' });
  const { page } = writer;
  const field = (label, on = page) => on.getByLabel(label, { exact: true });
  const button = (name, on = page) => on.getByRole('button', { name, exact: true });
  const title = '标题（中文）';
  const body = '正文，Markdown 格式（中文）';
  const get = (path) =>
    page.evaluate((asked) => fetch(`/api/v1/${asked}`).then((answer) => answer.json()), path);
  const send = (method, path, body) =>
    page.evaluate(
      async ([method, path, body]) => {
        const headers = { 'content-type': 'application/json' };
        const answer = await fetch(`/api/v1/${path}`, {
          method,
          headers,
          body: JSON.stringify(body),
        });
        return answer.json();
      },
      [method, path, body],
    );
  async function save(name = '保存') {
    await button(name).click();
    await page.waitForSelector('.save-bar', { state: 'detached' });
  }
  let article = '';
  const held = () => get(`articles/${article}`);

  await stage('categories: made, named in two languages, and put in order', async () => {
    await writer.signIn(adminLogIn);
    await page.click('.rail a[href="#/knowledge"]');
    await page.waitForSelector('.pane-state:has-text("还没有文章")');
    await writer.picture('empty');
    await page.click('.knowledge-head a:has-text("分类")');
    for (const [zh, en] of [
      ['售前', 'Before sale'],
      ['售后', 'After sale'],
    ]) {
      await button('新建分类').click();
      await field('名称（中文）').fill(zh);
      await field('名称（English）').fill(en);
      await page.locator('dialog').getByRole('button', { name: '保存' }).click();
      await page.waitForSelector(`.category-list li:has-text("${zh}")`);
    }
    await button('上移“售后”').click();
    await eventually('it is the first', async () => {
      const [first] = (await get('categories')).items;
      return first.names.zh === '售后';
    });
    await writer.picture('categories');
  });

  await stage('a new article, with the toolbar and the preview', async () => {
    await page.click('.page-back');
    await page.click('.knowledge-head a:has-text("新建文章")');
    await button('创建').isDisabled();
    await field(title).fill('怎么退款');
    await button('创建').click();
    await page.waitForSelector('.text-pane .form-error:has-text("需要同时填写")');
    await field(body).fill('三天内到账');
    await field(body).selectText();
    await page.keyboard.press('Control+b');
    assert.equal(await field(body).inputValue(), '**三天内到账**');
    await page.waitForSelector('.markdown strong:has-text("三天内到账")');
    await page.keyboard.press('Control+z');
    assert.equal(await field(body).inputValue(), '三天内到账');
    await field(body).fill(
      '打开 [订单](https://shop.example)。\n\n- 选择\n- 提交\n\n<script>alert(1)</script>\n\n[x](javascript:alert(1))',
    );
    await page.waitForSelector('.markdown ul li:has-text("提交")');
    await page.waitForSelector('.markdown p:has-text("<script>alert(1)</script>")');
    assert.equal(await page.locator('.markdown a[href^="javascript"]').count(), 0);
    await field('网址名称').fill('refunds');
    await field('分类').selectOption({ label: '售后' });
    await button('创建').click();
    await page.waitForSelector('.article-facts:has-text("草稿")');
    article = page.url().split('/').pop();
    assert.equal((await held()).slug, 'refunds');
  });

  await stage('published, in a second language, and on the public page', async () => {
    await button('English').click();
    await field('标题（English）').fill('How refunds work');
    await field('正文，Markdown 格式（English）').fill('Within **three** days.');
    await page.getByLabel('已发布').check();
    await save();
    const { state, texts } = await held();
    assert.equal(state, 'published');
    assert.equal(texts.en.title, 'How refunds work');
    const help = await page.getAttribute('.article-links a[target="_blank"]', 'href');
    assert.match(help, /^\/help\/web\/zh\/refunds$/);
    const shown = await fetch(server.origin + help).then((answer) => answer.text());
    assert.ok(shown.includes('怎么退款'));
    await button('并排').click();
    await writer.picture('both');
  });

  await stage('an article is pinned, and loses a language', async () => {
    await page.getByLabel('置顶').check();
    await save();
    assert.equal((await held()).pinned, true);
    await writer.picture('two-languages');
    await button('删除该语言：English').click();
    await page.waitForSelector('dialog[open]:has-text("历史版本将一并删除")');
    await expectAccessible(page, 'the question before a language goes');
    await page.locator('dialog').getByRole('button', { name: '删除该语言：English' }).click();
    await page.waitForSelector('dialog', { state: 'detached' });
    assert.deepEqual(Object.keys((await held()).texts), ['zh']);
    assert.equal(await page.getByRole('button', { name: /删除该语言/ }).count(), 0);
    assert.equal(await field('标题（English）').inputValue(), '');
    const [top] = (await get('widget/articles?inbox=web')).items;
    assert.equal(top.title, '怎么退款');
    await field('标题（English）').fill('How refunds work');
    await field('正文，Markdown 格式（English）').fill('Within **three** days.');
    await save();
  });

  await stage('what was typed outlives the page', async () => {
    await button('中文').click();
    await field(body).fill('五天内到账。');
    page.once('dialog', (dialog) => dialog.accept());
    await page.reload();
    await page.waitForSelector('.article-notice:has-text("尚未保存")');
    await button('中文').click();
    assert.equal(await field(body).inputValue(), '五天内到账。');
    await writer.picture('draft');
    await expectAccessible(page, 'a draft that was found');
    await save();
    assert.equal((await held()).texts.zh.body, '五天内到账。');
  });

  await stage('two write at once: both are shown, and one is chosen', async () => {
    await field(body).fill('五天内到账。\n周末顺延。');
    const { version } = (await held()).texts.zh;
    await send('PUT', `articles/${article}/texts/zh`, {
      version,
      title: '怎么退款',
      body: '七天内到账。',
    });
    await button('保存').click();
    await page.waitForSelector('.article-conflict .diff-line.is-removed:has-text("七天内到账")');
    await page.waitForSelector('.article-conflict .diff-line.is-added:has-text("周末顺延")');
    await writer.picture('conflict');
    await expectAccessible(page, 'two texts, of which one is chosen');
    assert.equal((await held()).texts.zh.body, '七天内到账。');
    await button('用我的覆盖').click();
    await page.waitForSelector('.article-conflict', { state: 'detached' });
    await eventually('mine is saved', async () => {
      return (await held()).texts.zh.body === '五天内到账。\n周末顺延。';
    });
  });

  await stage('details that somebody else changed: theirs are taken', async () => {
    await page.getByLabel('已归档').check();
    const { version } = await held();
    await send('PATCH', `articles/${article}`, { version, slug: 'refund' });
    await button('保存').click();
    await page.waitForSelector('.article-conflict tr:has-text("网址名称"):has-text("refund")');
    await writer.picture('conflict-details');
    await expectAccessible(page, 'two sets of details');
    await button('采用对方的').click();
    await page.waitForSelector('.save-bar', { state: 'detached' });
    assert.equal(await field('网址名称').inputValue(), 'refund');
    assert.equal((await held()).state, 'published');
  });

  await stage('the history shows what was changed, and brings it back', async () => {
    await page.click('.article-links a:has-text("历史版本（中文）")');
    await page.waitForSelector('.article-versions li:nth-child(4)');
    await page.click('.article-versions li:nth-child(2) button');
    await page.waitForSelector('.diff-line.is-added:has-text("七天内到账")');
    await page.waitForSelector('.diff-line.is-removed:has-text("五天内到账")');
    await writer.picture('history');
    await button('恢复').click();
    await page.locator('dialog').getByRole('button', { name: '恢复' }).click();
    await page.waitForSelector('.article-versions li:nth-child(5)');
    assert.equal((await held()).texts.zh.body, '七天内到账。');
  });

  await stage('a save that fails keeps the text', async () => {
    await page.click('.page-back');
    await button('中文').click();
    await field(body).fill('十天内到账。');
    await server.kill();
    await button('保存').click();
    await page.waitForSelector('.save-bar .form-error');
    assert.equal(await field(body).inputValue(), '十天内到账。');
    await server.start();
    await page.waitForSelector('.rail-item > .dot.is-online');
    await save();
    assert.equal((await held()).texts.zh.body, '十天内到账。');
  });

  await stage('a taken name is told at its field', async () => {
    await page.click('.page-back');
    await page.click('.knowledge-head a:has-text("新建文章")');
    await field(title).fill('发货时间');
    await field(body).fill('当天发货。');
    await field('网址名称').fill('refund');
    await button('创建').click();
    await page.waitForSelector('.article-details .field:has-text("网址名称") .form-error');
    await field('网址名称').fill('shipping');
    await button('创建').click();
    await page.waitForSelector('.article-facts');
  });

  await stage('the list is filtered and searched', async () => {
    await page.click('.page-back');
    await page.waitForSelector('.article-row:has-text("发货时间")');
    await field('状态').selectOption('published');
    await page.waitForSelector('.article-row:has-text("发货时间")', { state: 'detached' });
    await page.waitForSelector('.article-row:has-text("怎么退款")');
    assert.match(page.url(), /state=published/);
    await field('状态').selectOption('');
    await field('搜索文章').fill('发货');
    await page.waitForSelector('.article-row mark:has-text("发货")');
    await writer.picture('search');
    await field('搜索文章').fill('没有这个词');
    await page.waitForSelector('.pane-state:has-text("没有找到")');
    await field('搜索文章').fill('');
    await page.waitForSelector('.article-row:nth-child(1)');
  });

  await stage('who does not write reads', async () => {
    const reader = await person(Agent, 'reader', { locale: 'zh-CN' });
    await reader.signIn(agentLogIn);
    await reader.page.click('.rail a[href="#/knowledge"]');
    await reader.page.click('.article-row:has-text("怎么退款")');
    await reader.page.waitForSelector('.form-card .markdown:has-text("十天内到账")');
    assert.equal(await reader.page.locator('textarea, .knowledge-head .button-row').count(), 0);
    await reader.picture('reading');
    await reader.page.context().close();
  });

  await stage('an article is removed', async () => {
    await page.click('.article-row:has-text("发货时间")');
    await button('删除文章').click();
    await page.locator('dialog').getByRole('button', { name: '删除文章' }).click();
    await page.waitForSelector('.article-list');
    await page.waitForSelector('.article-row:has-text("发货时间")', { state: 'detached' });
  });

  const screens = ['', '/categories', '/new', `/${article}`, `/${article}/history/zh`, '?q=refund'];
  const state = await page.context().storageState({ indexedDB: false });
  await page.context().close();
  for (const [locale, colorScheme, width] of [
    ['zh-CN', 'light', 1440],
    ['zh-CN', 'dark', 1440],
    ['en', 'light', 1440],
    ['en', 'dark', 1440],
    ['en', 'light', 320],
  ]) {
    await stage(
      `every screen can be used by everybody: ${locale}, ${colorScheme}, ${width} px`,
      () => look(locale, colorScheme, width),
    );
  }

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
      await one.page.goto(`${server.origin}/console/#/knowledge${screen}`);
      await one.page.waitForSelector('.knowledge-page h1');
      await eventually(`${screen} is loaded`, async () => {
        const busy = '.page[aria-busy="true"], .part-loading, .skeleton-lines';
        return (await one.page.locator(busy).count()) === 0;
      });
      const name = screen.replace(article, 'article').replace(/\W+/g, '-') || 'list';
      await one.picture(name);
      const wide = await one.page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.querySelector('.page');
        return scrollWidth - clientWidth;
      });
      assert.ok(wide <= 0, `${screen} is ${wide} px too wide`);
      await expectAccessible(one.page, `${screen}, ${locale}, ${colorScheme}, ${width} px`);
    }
    await one.page.context().close();
  }
}
