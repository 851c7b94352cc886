/* An admin has another system hear of what happens, looks at what it was told, and tells it again. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { everyLook } from '../looks.mjs';
import { Caller, rest } from '../outside.mjs';
import { Agent } from '../people.mjs';

/** The other system: keeps what it hears, and answers as it is told to. */
export async function prepare() {
  const heard = [];
  const receiver = createServer((request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      heard.push({ headers: request.headers, body: Buffer.concat(parts).toString() });
      response.writeHead(beside.status, { 'content-type': 'text/plain' }).end('received');
    });
  });
  await new Promise((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const beside = {
    heard,
    status: 200,
    url: `http://127.0.0.1:${receiver.address().port}/hook`,
    env: { KEFU_SERVE_EVENTS_ALLOW_INTERNAL: 'true' },
    end: () => new Promise((resolve) => receiver.close(resolve)),
  };
  return beside;
}

export default async function events(run) {
  const { server, beside, person, stage, eventually, expectAccessible } = run;
  const admin = await person(Agent, 'admin', { locale: 'zh-CN' });
  const { page } = admin;
  const button = (name) => page.getByRole('button', { name, exact: true });
  const told = (topic) => beside.heard.filter(({ body }) => JSON.parse(body).type === topic);
  let secret;

  await stage('nobody hears of anything yet, in every look', async () => {
    await admin.signIn(server.agents[0]);
    await page.goto(`${server.origin}/console/#/settings/events/new`);
    const reach = () => page.waitForSelector('.settings-editor input[type=radio]');
    await reach();
    await everyLook(admin, '1-new', expectAccessible, reach);
  });

  await stage('what is missing is said, and the secret is shown once', async () => {
    await button('创建').isDisabled();
    await page.getByLabel('名称', { exact: true }).fill('销售部');
    await button('创建').click();
    await page.waitForSelector('.form-error:has-text("请至少选择一种事件")');
    await page.getByLabel('message.created').check();
    await page.getByLabel('其他主题').fill('chat.*');
    await page.getByLabel('地址', { exact: true }).fill(beside.url);
    await page.getByLabel('请求头').fill('X-Team: sales');
    await button('创建').click();
    await page.waitForSelector('.dialog .code-box code');
    secret = await page.textContent('.dialog .code-box code');
    await admin.picture('2-secret');
    await button('完成').click();
    await page.waitForSelector('.list-editor-row:has-text("销售部")');
  });

  await stage('an example arrives, signed', async () => {
    await button('发送示例').click();
    await page.waitForSelector('.subscription-taken');
    const [{ headers, body }] = beside.heard;
    const timestamp = headers['x-kefu-timestamp'];
    const expected = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
    assert.equal(headers['x-kefu-signature'], `sha256=${expected}`);
    assert.equal(headers['x-team'], 'sales');
    beside.heard.length = 0;
  });

  await stage('what a visitor says is told, and stands in the list', async () => {
    const guest = await Caller.arrive(server, { name: '王小美' });
    await guest.say('有优惠吗？');
    await eventually('it is told', () => told('message.created').length > 0);
    const [{ body }] = told('message.created');
    assert.ok(body.includes('有优惠吗？'));
    // What became of it is stored after the receiver has heard it, and the page does not ask by itself.
    await eventually('its outcome is in the list', async () => {
      const listed = page.waitForResponse((each) => each.url().includes('/deliveries'));
      await Promise.all([listed, button('刷新').click()]);
      return page.isVisible('.form-card .form-chip.is-done');
    });
    const reach = () => page.waitForSelector('.form-card .form-chip.is-done');
    await everyLook(admin, '3-told', expectAccessible, reach);
    await page.locator('.delivery-attempts summary').first().click();
    await page.getByRole('button', { name: '查看请求' }).first().click();
    await page.waitForSelector('.form-card .code-box:has-text("有优惠吗？")');
  });

  await stage('it is sent again under the same number', async () => {
    const before = told('message.created')[0].headers['x-kefu-delivery'];
    beside.heard.length = 0;
    await page.getByRole('button', { name: /^重新发送：message\.created/ }).first().click();
    await eventually('it comes again', () => told('message.created').length > 0);
    assert.equal(told('message.created')[0].headers['x-kefu-delivery'], before);
  });

  await stage('a receiver that fails is told of', async () => {
    beside.status = 500;
    await button('发送示例').click();
    await page.waitForSelector('[role=status] .form-error:has-text("HTTP 500")');
    await admin.picture('4-failed');
    beside.status = 200;
  });

  await stage('it is removed', async () => {
    await button('删除').click();
    await page.locator('.dialog').getByRole('button', { name: '删除', exact: true }).click();
    await page.waitForSelector('.list-editor-row', { state: 'detached' });
    assert.deepEqual((await rest(admin, 'GET', 'subscriptions')).items, []);
  });
}
