/* What other systems know of a customer, beside the conversation: cards that an admin has configured. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { everyLook } from '../looks.mjs';
import { Caller, rest } from '../outside.mjs';
import { Agent } from '../people.mjs';

const HOSTILE = '<img src=x onerror="window.hacked = 1">';

const configuration = (base) => `version: 1
sources:
  shop: { kind: http, base: "${base}", timeout: 2s }
  slow: { kind: http, base: "${base}", timeout: 2s }
types:
  User:
    source: shop
    key: [id]
    access: { by_key: { id: { get: "/users/{id}" } } }
    fields:
      id: { type: "Int!" }
      name: { type: "String!" }
      level: { type: String }
      spent: { type: Float }
      since: { type: DateTime }
      page: { type: String }
  Article:
    source: shop
    key: [id]
    access: { list: { get: /search } }
    fields:
      id: { type: "Int!" }
      title: { type: "String!" }
      body: { type: String }
      url: { type: String }
  Parcel:
    source: slow
    key: [id]
    access: { by_key: { id: { get: "/slow/{id}" } } }
    fields: { id: { type: "Int!" }, place: { type: String } }
query:
  user: { type: User, by: [id] }
  articles: { type: Article, list: plain, args: { q: "String!" } }
  parcel: { type: Parcel, by: [id] }
mutation:
  note: { source: shop, args: { id: "Int!", text: "String!" }, post: /notes, body: { id: "{id}", text: "{text}" }, returns: User }
`;

const USER = {
  id: 42,
  name: HOSTILE,
  level: 'gold',
  spent: 12345.5,
  since: '2024-05-01T08:00:00Z',
  page: 'javascript:window.hacked=1',
};

/** The other system: answers at once, but for what it never answers. */
export async function prepare() {
  const notes = [];
  const answers = {
    '/users/42': () => USER,
    '/search': () => [
      { id: 1, title: '退款流程', body: '退款将在三天内到账。', url: 'https://help.example/1' },
    ],
    '/notes': (body) => {
      notes.push(JSON.parse(body));
      return USER;
    },
  };
  const shop = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://shop');
    if (pathname.startsWith('/slow/')) return;
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      const value = answers[pathname]?.(Buffer.concat(parts).toString());
      response.writeHead(value ? 200 : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify(value ?? {}));
    });
  });
  await new Promise((resolve) => shop.listen(0, '127.0.0.1', resolve));
  const folder = await mkdtemp(join(tmpdir(), 'kefu-cards-'));
  const file = join(folder, 'query.yaml');
  await writeFile(file, configuration(`http://127.0.0.1:${shop.address().port}`));
  return {
    notes,
    env: { KEFU_SERVE_GRAPHQL_FILE: file },
    async end() {
      shop.closeAllConnections();
      await new Promise((resolve) => shop.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const text = (chinese, english) => ({ en: english, 'zh-CN': chinese });

const ARTICLES = {
  title: text('推荐答案', 'Suggested answers'),
  query: 'query($q: String!) { articles(q: $q) { title body url } }',
  variables: { q: 'conversation.last_text' },
  view: { kind: 'list', at: 'articles', title: 'title', link: 'url', insert: 'body' },
};
const PARCEL = {
  title: text('包裹', 'Parcel'),
  query: 'query($id: Int!) { parcel(id: $id) { place } }',
  variables: { id: 'visitor.external_id' },
  view: {
    kind: 'fields',
    at: 'parcel',
    rows: [{ label: text('位置', 'Place'), path: 'place' }],
  },
};
const VIEW = {
  kind: 'fields',
  at: 'user',
  rows: [
    { label: text('姓名', 'Name'), path: 'name' },
    { label: text('等级', 'Level'), path: 'level', format: 'badge' },
    { label: text('消费', 'Spent'), path: 'spent', format: 'number' },
    { label: text('注册时间', 'Since'), path: 'since', format: 'date' },
    { label: text('主页', 'Page'), path: 'page', format: 'link' },
  ],
  actions: [
    {
      label: text('记一笔', 'Add a note'),
      mutation: 'mutation($id: Int!, $text: String!) { note(id: $id, text: $text) { id } }',
      variables: { id: 'visitor.external_id' },
      form: [{ name: 'text', label: text('内容', 'Text'), type: 'textarea', required: true }],
    },
  ],
};

export default async function cards(run) {
  const { server, beside, person, stage, eventually, expectAccessible } = run;
  const admin = await person(Agent, 'admin', { locale: 'zh-CN' });
  const { page } = admin;
  const button = (name) => page.getByRole('button', { name, exact: true });
  const field = (name) => page.getByLabel(name, { exact: true });
  let guest;

  await stage('an admin makes a card, and is told what is wrong with it', async () => {
    await admin.signIn(server.agents[0]);
    await page.goto(`${server.origin}/console/#/settings/cards/new`);
    await page.waitForSelector('.settings-editor textarea');
    await field('中文标题').fill('客户账号');
    await field('英文标题').fill('Account');
    await field('GraphQL').fill('query($id: Int!) { user(id: $id) { name colour } }');
    await field('变量').fill('id = visitor.external_id');
    await field('视图（JSON）').fill('{"kind": }');
    await button('创建').click();
    await page.waitForSelector('.settings-editor [aria-invalid=true]');
    await field('视图（JSON）').fill(JSON.stringify(VIEW));
    await button('创建').click();
    await page.waitForSelector('.form-error:has-text("colour")');
    await admin.picture('1-wrong');
    await field('GraphQL').fill('query($id: Int!) { user(id: $id) { name level spent since page } }');
    await button('创建').click();
    await page.waitForSelector('.list-editor-row:has-text("客户账号")');
    const reach = () => page.waitForSelector('.settings-editor textarea');
    await reach();
    await everyLook(admin, '2-made', expectAccessible, reach);
  });

  await stage('a system that hangs costs its own card alone', async () => {
    for (const card of [ARTICLES, PARCEL]) await rest(admin, 'POST', 'cards', card);
    const { items } = await rest(admin, 'GET', 'inboxes');
    const inbox = items.find(({ key }) => key === 'web');
    const { secret } = await rest(admin, 'POST', `inboxes/${inbox.id}/secret`, {});
    const hmac = createHmac('sha256', secret).update('42').digest('hex');
    guest = await Caller.arrive(server, { name: '李雷', external_id: '42', hmac });
    await guest.say('怎么退款？');
    await rest(admin, 'POST', `conversations/${guest.conversation}/accept`);
    await page.goto(`${server.origin}/console/#/mine/${guest.conversation}`);
    await page.reload();
    const card = (title) => page.locator('.card', { has: page.getByRole('button', { name: title }) });
    await card('客户账号').locator('dd:has-text("gold")').waitFor();
    await card('推荐答案').locator('.query-card-title').waitFor();
    assert.equal(await card('包裹').locator('[role=alert]').count(), 0, 'it is still being asked');
    await card('包裹').locator('[role=alert]:has-text("slow")').waitFor();
    assert.match(await card('客户账号').locator('dl').textContent(), /12,345\.5/);
    const links = await page.$$eval('.cards a', (all) => all.map(({ href }) => href));
    assert.ok(links.includes('https://help.example/1'), String(links));
    assert.ok(links.every((href) => !href.startsWith('javascript:')), String(links));
    assert.equal(await page.evaluate(() => window.hacked), undefined);
  });

  await stage('the cards in every look', async () => {
    const reach = async () => {
      const last = await page.waitForSelector('.cards [role=alert]:has-text("slow")');
      await last.scrollIntoViewIfNeeded();
    };
    await everyLook(admin, '3-cards', expectAccessible, reach);
  });

  await stage('an article goes into the reply', async () => {
    await page.getByRole('button', { name: '插入回复：退款流程' }).click();
    assert.equal(await page.inputValue('.composer textarea'), '退款将在三天内到账。');
  });

  await stage('an action is carried out once', async () => {
    await button('记一笔').click();
    await page.locator('.dialog').getByRole('button', { name: '提交' }).click();
    await page.waitForSelector('.dialog [aria-invalid=true]');
    await page.locator('.dialog textarea').fill('客户要求退款');
    await admin.picture('4-action');
    await page.locator('.dialog').getByRole('button', { name: '提交' }).click();
    await page.waitForSelector('.query-card-done:has-text("已完成：记一笔")');
    await eventually('it arrives', () => beside.notes.length === 1);
    assert.deepEqual(beside.notes, [{ id: 42, text: '客户要求退款' }]);
  });

  await stage('who has no number there is not asked for', async () => {
    const other = await Caller.arrive(server, { name: '韩梅梅' });
    await other.say('你好');
    await rest(admin, 'POST', `conversations/${other.conversation}/accept`);
    await page.goto(`${server.origin}/console/#/mine/${other.conversation}`);
    await page.waitForSelector('.cards .details-state:has-text("visitor.external_id")');
  });
}
