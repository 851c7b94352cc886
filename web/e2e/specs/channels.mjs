/* An admin connects a chat service, a customer writes over it, and an agent sees how long it can be answered. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { everyLook } from '../looks.mjs';
import { Agent } from '../people.mjs';

const TOKEN = 'kefutoken';

/** A message as WeChat posts it. */
function posted(at, id, text) {
  const [timestamp, nonce] = [String(Math.floor(Date.now() / 1_000)), '7'];
  const sorted = [TOKEN, timestamp, nonce].sort().join('');
  const signature = createHash('sha1').update(sorted).digest('hex');
  const body =
    `<xml><FromUserName>o1</FromUserName><CreateTime>${at}</CreateTime>` +
    `<MsgType>text</MsgType><Content>${text}</Content><MsgId>${id}</MsgId></xml>`;
  return { query: new URLSearchParams({ signature, timestamp, nonce }), body };
}

/** A service of our own, whose answers are this server's. */
const OWN_FILE = `kefu_channel: 1
id: tiny
name: 小站
hosts: [setting.base_url]
settings: [base_url]
secrets: [word]
receive:
  verify: [{ static: { value: header.x-word, equals: secret.word } }]
messages:
  map:
    external_id: "= item.id"
    sender: { id: "= item.from" }
    kind: text
    text: "= item.text"
send:
  text: { post: "= setting.base_url ~ '/send'", json: { text: "= msg.text" } }
check: { get: "= setting.base_url ~ '/me'", headers: { authorization: "= secret.word" }, ok: resp.ok }
`;

export default async function channels({ server, person, stage, eventually, expectAccessible }) {
  const [adminLogIn] = server.agents;
  const admin = await person(Agent, 'admin', { locale: 'zh-CN' });
  const { page } = admin;
  const button = (name) => page.getByRole('button', { name, exact: true });
  const get = (path) =>
    page.evaluate((asked) => fetch(`/api/v1/${asked}`).then((answer) => answer.json()), path);
  const write = async (at, id, text) => {
    const [{ id: channel }] = (await get('channels')).items;
    const { query, body } = posted(at, id, text);
    const answer = await fetch(`${server.origin}/channels/${channel}?${query}`, {
      method: 'POST',
      body,
    });
    assert.deepEqual([answer.status, await answer.text()], [200, 'success']);
  };

  await stage('the admin connects WeChat, and is told the address and what is missing', async () => {
    await admin.signIn(adminLogIn);
    const { items } = await get('inboxes');
    await page.evaluate(
      (id) => (location.hash = `#/settings/inboxes/${id}/channels`),
      items.find(({ key }) => key === 'web').id,
    );
    await page.waitForSelector('text=还没有接入聊天平台');
    await admin.picture('empty');
    await button('接入聊天平台').click();
    await page.getByLabel('app_id').fill('wx1');
    await page.getByLabel('token', { exact: true }).fill(TOKEN);
    await admin.picture('dialog');
    await expectAccessible(page, 'the dialog of a channel');
    await button('保存').click();
    await page.waitForSelector('.form-card:has-text("缺少：secret.app_secret")');
    await page.waitForSelector('.form-card .code-box:has-text("/channels/")');
    await button('修改').click();
    await page.getByLabel('app_secret').fill('s');
    await button('保存').click();
    await page.waitForSelector('.form-card:not(:has-text("缺少"))');
    const reach = () => page.waitForSelector('.form-card .code-box:has-text("/channels/")');
    await everyLook(admin, 'connected', expectAccessible, reach);
  });

  await stage('the agent sees until when and how often the customer can be answered', async () => {
    await write(Math.floor(Date.now() / 1_000), 1, '你好');
    await eventually('the conversation', async () => {
      const { items } = await get('conversations?view=all');
      const found = items.find(({ last_message }) => last_message?.text === '你好');
      if (!found) return false;
      await page.evaluate((id) => (location.hash = `#/all/${id}`), found.id);
      return true;
    });
    await page.waitForSelector('.channel-line:has-text("还可回复 5 条")');
    await everyLook(admin, 'window', expectAccessible, () => page.waitForSelector('.channel-line'));
  });

  const service = createServer(({ headers }, response) => {
    const ok = headers.authorization === 'open sesame';
    response.end(JSON.stringify({ ok, you_said: headers.authorization }));
  });
  await new Promise((done) => service.listen(0, '127.0.0.1', done));
  const base = `http://127.0.0.1:${service.address().port}`;

  await stage('a service of one’s own is tested, and says what it does not like', async () => {
    const { items } = await get('inboxes');
    const web = items.find(({ key }) => key === 'web').id;
    await page.evaluate((id) => (location.hash = `#/settings/inboxes/${id}/channels`), web);
    await button('接入聊天平台').click();
    await page.getByRole('combobox').selectOption({ label: '自定义接入文件' });
    await page.getByLabel('接入文件（YAML）').fill(OWN_FILE);
    await admin.picture('own-file');
    await expectAccessible(page, 'the dialog of a file of one’s own');
    await button('保存').click();
    const card = page.locator('.form-card:has-text("小站")');
    const give = async (word) => {
      await card.getByRole('button', { name: '修改' }).click();
      await page.getByLabel('base_url').fill(base);
      await page.getByLabel('word').fill(word);
      await button('保存').click();
      await page.waitForSelector('dialog', { state: 'detached' });
    };
    await give('wrong word');
    await card.getByRole('button', { name: '测试连接' }).click();
    await card.locator('text=账号校验未通过').waitFor();
    assert.match(await card.locator('pre').last().textContent(), /"you_said":"•••"/);
    await admin.picture('test-failed');
    await give('open sesame');
    await card.getByRole('button', { name: '测试连接' }).click();
    await card.locator('text=账号校验通过').waitFor();
    await expectAccessible(page, 'the answer of a service');
    await admin.picture('test-passed');
  });

  await stage('what could not be read is listed, read again and dropped', async () => {
    const { id } = (await get('channels')).items.find(({ name }) => name === '小站');
    for (const text of ['one', 'two']) {
      const body = JSON.stringify({ from: 'u1', text });
      const headers = { 'x-word': 'open sesame' };
      const answer = await fetch(`${server.origin}/channels/${id}`, { method: 'POST', headers, body });
      assert.equal(answer.status, 200);
    }
    await page.reload();
    const reach = async () => {
      const card = page.locator('.form-card:has-text("小站")');
      await card.getByRole('button', { name: /无法识别|could not be read/ }).click();
      await page.waitForSelector('.channel-refused li:nth-child(2)');
    };
    await reach();
    await everyLook(admin, 'refused', expectAccessible, reach);
    await page.getByRole('button', { name: /^重新读取/ }).first().click();
    await page.waitForSelector('.channel-refused .form-error');
    for (let left = 2; left > 0; left--) {
      await page.getByRole('button', { name: /^丢弃/ }).first().click();
      await page.waitForFunction((n) => document.querySelectorAll('.channel-refused li').length < n, left);
    }
    await page.waitForSelector('text=没有无法识别的请求');
    await button('关闭').last().click();
    await page.waitForSelector('.form-card:has-text("小站"):has-text("无法识别 0")');
  });
  service.close();
}
