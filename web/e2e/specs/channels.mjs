/* An admin connects a chat service, a customer writes over it, and an agent sees how long it can be answered. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
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
    await admin.picture('connected');
    await expectAccessible(page, 'a channel');
    await page.setViewportSize({ width: 320, height: 640 });
    await admin.picture('connected-narrow');
    await expectAccessible(page, 'a channel on a narrow screen');
    await page.setViewportSize({ width: 1440, height: 900 });
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
    await admin.picture('window');
    await expectAccessible(page, 'the line of a chat service');
    await page.emulateMedia({ colorScheme: 'dark' });
    await admin.picture('window-dark');
    await page.emulateMedia({ colorScheme: 'light' });
  });
}
