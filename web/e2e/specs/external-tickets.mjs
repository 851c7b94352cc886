/* Tickets in a system of others: spyne speaks SOAP behind the example of docs/gateway.md. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { everyLook } from '../looks.mjs';
import { Caller, rest } from '../outside.mjs';
import { Agent } from '../people.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const python = process.env.PYTHON ?? 'python3';
/** The longer the other system is down, the longer the pauses between two attempts: up to about a minute. */
const SENT_AGAIN_MS = 150_000;

/** Starts spyne; null where Python does not have it. */
async function startService(port) {
  const script = join(root, 'tests/e2e/python/ticket_server.py');
  const args = port ? [script, String(port)] : [script];
  const child = spawn(python, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const said = await new Promise((resolve) => {
    child.once('error', () => resolve(null));
    child.once('exit', () => resolve(null));
    createInterface({ input: child.stdout }).once('line', resolve);
  });
  return said && { child, port: JSON.parse(said)['1.1'] };
}

async function stopService({ child }) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

export async function prepare() {
  const service = await startService();
  if (!service) {
    console.log(`SKIPPED: ${python} has no module named spyne`);
    return null;
  }
  const folder = await mkdtemp(join(tmpdir(), 'kefu-tickets-'));
  const example = join(root, 'fixtures/good/ticket-service');
  for (const name of ['tickets.wsdl', 'tickets.yaml']) {
    await copyFile(join(example, name), join(folder, name));
  }
  const bridge = await readFile(join(example, 'bridge.yaml'), 'utf8');
  const own = bridge
    .replace('127.0.0.1:9092', `127.0.0.1:${service.port}`)
    .replace('failures: 5', 'failures: 0');
  await writeFile(join(folder, 'bridge.yaml'), own);
  const beside = {
    service,
    env: {
      KEFU_SERVE_GATEWAY: join(folder, 'bridge.yaml'),
      KEFU_SERVE_TICKET_SERVICE: join(folder, 'tickets.yaml'),
    },
    async end() {
      await stopService(beside.service);
      await rm(folder, { recursive: true, force: true });
    },
  };
  return beside;
}

export default async function externalTickets(run) {
  const { server, beside, person, stage, eventually, expectAccessible } = run;
  const boss = await person(Agent, 'boss', { locale: 'zh-CN' });
  const { page } = boss;
  await boss.signIn(server.agents[0]);
  const inboxes = await rest(boss, 'GET', 'inboxes');
  const inbox = inboxes.items.find((each) => each.key === 'web');
  const { secret } = await rest(boss, 'POST', `inboxes/${inbox.id}/secret`, {});
  const hmac = createHmac('sha256', secret).update('u-7').digest('hex');
  const guest = await Caller.arrive(server, { name: '李雷', external_id: 'u-7', hmac });
  await guest.say('打印机坏了');
  await rest(boss, 'POST', `conversations/${guest.conversation}/accept`);
  await page.goto(`${server.origin}/console/#/mine/${guest.conversation}`);
  const external = page.locator('[data-card=tickets] .external');
  const dialog = page.getByRole('dialog');
  const told = (text) => page.locator('.timeline .event', { hasText: text }).waitFor();

  await stage('the other system has none yet', async () => {
    await external.getByText('工单系统', { exact: true }).waitFor();
    await external.getByText('该系统中暂无工单').waitFor();
    await boss.picture('empty');
  });

  await stage('a ticket is made there, and the conversation says so', async () => {
    await external.getByRole('button', { name: '在工单系统中新建工单' }).click();
    await dialog.getByLabel('标题').fill('打印机卡纸');
    await dialog.getByLabel('描述').fill('三楼,双面打印时');
    await dialog.getByLabel('优先级').selectOption('urgent');
    await boss.picture('new');
    await expectAccessible(page.mainFrame(), 'new');
    await dialog.getByRole('button', { name: '创建' }).click();
    await told('工单系统：已创建工单 T-1');
    const row = external.locator('li', { hasText: '打印机卡纸' });
    await row.getByText('处理中').waitFor();
    const link = row.getByRole('link', { name: 'T-1' });
    assert.equal(await link.getAttribute('href'), 'https://tickets.example/t/T-1');
  });

  await stage('a comment and another status go there', async () => {
    const row = external.locator('li', { hasText: '打印机卡纸' });
    await row.getByRole('button', { name: '评论' }).click();
    await row.getByRole('textbox', { name: '评论' }).fill('客户今天都在');
    await page.keyboard.press('Control+Enter');
    await told('已在工单 T-1 添加评论');
    await row.getByLabel('工单 T-1 的状态').selectOption('pending');
    await told('已更新工单 T-1');
    await row.locator('.ticket-status', { hasText: '待反馈' }).waitFor();
  });

  await stage('what it refuses is said, and is for the agent to decide', async () => {
    await external.getByRole('button', { name: '在工单系统中新建工单' }).click();
    await dialog.getByLabel('标题').fill('refuse');
    await dialog.getByRole('button', { name: '创建' }).click();
    await told('操作失败');
    const failed = external.locator('.external-writes li');
    await failed.getByText('no tickets about this').waitFor();
    await everyLook(boss, 'failed', expectAccessible, () => failed.first().waitFor());
    await failed.getByRole('button', { name: '不再处理' }).click();
    await failed.waitFor({ state: 'detached' });
  });

  await stage('while it is down that is said, and what is asked for waits', async () => {
    const { port } = beside.service;
    await stopService(beside.service);
    await external.getByRole('button', { name: '在工单系统中新建工单' }).click();
    await dialog.getByLabel('标题').fill('稍后处理');
    await dialog.getByRole('button', { name: '创建' }).click();
    await external.locator('.external-writes', { hasText: '等待发送' }).waitFor();
    // What was listed a moment ago is shown again until it is not fresh any more.
    const silent = external.getByText('工单系统没有响应');
    await eventually('the silence of the other system is told', async () => {
      await page.reload();
      await external.locator('.external-name').waitFor();
      return silent.isVisible();
    });
    await boss.picture('down');
    await expectAccessible(page.mainFrame(), 'down');
    beside.service = await startService(port);
    await external.locator('.ticket-row', { hasText: '稍后处理' }).waitFor({ timeout: SENT_AGAIN_MS });
  });
}
