/* What is offered to agents while they write, whom a note calls, and what is said when a conversation ends. */
import assert from 'node:assert/strict';
import { Agent } from '../people.mjs';
import { openPage, Rest } from '../rest.mjs';

const SCREENS = [
  { locale: 'zh-CN', theme: 'light' },
  { locale: 'zh-CN', theme: 'dark' },
  { locale: 'en', theme: 'light' },
  { locale: 'en', theme: 'dark' },
];
const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 320, height: 640 };
const FIELD = '.composer textarea';

export default async function composer({ server, person, stage, eventually, expectAccessible }) {
  const rest = new Rest(server);
  const admin = await rest.signIn(server.agents[0]);
  const boss = await rest.makeAgent(admin.token, '周主管', 'supervisor');
  const agent = await person(Agent, 'agent', { locale: 'zh-CN' });
  const supervisor = await person(Agent, 'supervisor', { locale: 'zh-CN' });
  const { page } = agent;
  let visitor;
  let alex;

  /** A screen in every look; `reach` opens it anew. */
  const everyLook = async (name, reach, part) => {
    for (const look of SCREENS) {
      await page.setViewportSize(WIDE);
      await openPage(agent, `#/mine/${visitor.conversation}`, look);
      await reach();
      const label = `${name}-${look.locale}-${look.theme}`;
      await agent.picture(label);
      await expectAccessible(page.mainFrame(), label, part);
      await page.setViewportSize(NARROW);
      await agent.picture(`${label}-narrow`);
    }
    await page.setViewportSize(WIDE);
    await openPage(agent, `#/mine/${visitor.conversation}`, SCREENS[0]);
    await page.waitForSelector(FIELD);
  };

  await stage('an agent has a conversation, and a supervisor is there', async () => {
    await agent.signIn(server.agents[1]);
    await agent.setStatus('busy');
    await supervisor.signIn(boss);
    await supervisor.setStatus('busy');
    alex = await rest.signIn(server.agents[1]);
    visitor = await rest.visit('王小美', '杯子碎了，可以退款吗？');
    await rest.act(alex.token, visitor.conversation, 'accept');
    await openPage(agent, `#/mine/${visitor.conversation}`, SCREENS[0]);
    await agent.sees('可以退款吗');
  });

  await stage('messages say what language they are in', async () => {
    await rest.say(visitor.token, visitor.conversation, 'Is anybody there?');
    await agent.sees('Is anybody there');
    const languages = await page.$$eval('.is-other .message-text', (all) => all.map(({ lang }) => lang));
    assert.deepEqual(languages, ['zh', 'en']);
  });

  await stage('a colon and two letters offer emoji; Escape leaves what was typed', async () => {
    await page.fill(FIELD, '');
    await page.focus(FIELD);
    await page.keyboard.type('好的 :thumbs');
    await page.waitForSelector('.completion-option.is-active:has-text("👍")');
    await page.keyboard.press('Enter');
    await eventually('the emoji is in its place', async () => (await page.inputValue(FIELD)) === '好的 👍');
    await page.keyboard.type(' :smi');
    await page.waitForSelector('.completion');
    const { conversation } = visitor;
    await page.keyboard.press('Escape');
    await page.waitForSelector('.completion', { state: 'detached' });
    assert.equal(await page.inputValue(FIELD), '好的 👍 :smi');
    assert.ok(page.url().includes(conversation), 'the conversation stays open');
    await page.keyboard.type(' 10:30 https://');
    assert.equal(await page.isVisible('.completion'), false);
  });

  await stage('two braces offer what stands for this visitor', async () => {
    await page.fill(FIELD, '');
    await page.focus(FIELD);
    await page.keyboard.type('{{visitor');
    await page.waitForSelector('.completion-option.is-active:has-text("王小美")');
    await page.keyboard.press('Tab');
    await eventually('the name is there', async () => (await page.inputValue(FIELD)) === '王小美');
    await page.fill(FIELD, '');
  });

  await stage('an at sign in a note offers those who may read it, in every look', async () => {
    await everyLook(
      '1-mention',
      async () => {
        await page.waitForSelector(FIELD);
        await page.keyboard.press('Alt+P');
        await page.waitForSelector('.composer.is-note');
        await page.fill(FIELD, '');
        await page.focus(FIELD);
        await page.keyboard.type('@');
        await page.waitForSelector('.completion-option:has-text("周主管")');
      },
      '.composer-area',
    );
    const field = await page.$(FIELD);
    await page.keyboard.press('Alt+P');
    await page.fill(FIELD, '');
    await field.focus();
    await page.keyboard.type('@zzg');
    await page.waitForSelector('.completion-option.is-active:has-text("周主管")');
    const active = await field.getAttribute('aria-activedescendant');
    assert.equal(await page.textContent(`[id="${active}"] .completion-label`), '周主管');
    assert.equal(await page.isVisible('.completion-option:has-text("Alex")'), false);
    await page.keyboard.press('Enter');
    await page.keyboard.type('能批准退款吗？');
    assert.equal(await page.inputValue(FIELD), '@周主管 能批准退款吗？');
    // Whoever is called is told of it for some seconds only.
    await Promise.all([
      supervisor.page.waitForSelector('.notice.is-mention:has-text("能批准退款吗")'),
      page.keyboard.press('Enter'),
    ]);
    await agent.sees('能批准退款吗');
  });

  await stage('who is called hears of it, sees it in the list, and it is over once looked at', async () => {
    const { page: desk } = supervisor;
    await desk.waitForSelector('.mentions-line');
    await desk.keyboard.press('Alt+4');
    await desk.waitForSelector('.row:has-text("王小美") .is-mention');
    await supervisor.picture('2-called');
    await expectAccessible(desk.mainFrame(), 'a mention in the list', '.list-pane');
    // It outlives the page.
    await desk.reload();
    await desk.click('.mentions-line');
    await supervisor.sees('能批准退款吗');
    await desk.waitForSelector('.mentions-line', { state: 'detached' });
    const zhou = await rest.signIn(boss);
    await eventually('the server knows', async () => {
      const page = await rest.call('GET', 'conversations?view=mentioned', zhou.token);
      return page.items.length === 0;
    });
    const { items } = await rest.call(
      'GET',
      `conversations/${visitor.conversation}/messages`,
      visitor.token,
    );
    assert.ok(items.every(({ kind }) => kind !== 'note'), 'the visitor sees no note');
  });

  await stage('an inbox demands a summary', async () => {
    await openPage(agent, '#/mine', SCREENS[0]);
    const keeper = await person(Agent, 'admin', { locale: 'zh-CN' });
    await keeper.signIn(server.agents[0]);
    const inboxes = await rest.call('GET', 'inboxes', admin.token);
    const web = inboxes.items.find(({ key }) => key === 'web');
    await openPage(keeper, `#/settings/inboxes/${web.id}`, SCREENS[0]);
    const field = keeper.page.getByLabel('咨询类型', { exact: true });
    await field.fill('其他\n订单/破损\n订单/延误');
    await keeper.page.getByLabel('必须填写小结').check();
    await keeper.page.click('button[type=submit]:has-text("保存")');
    await eventually('the inbox asks', async () => {
      const { items } = await rest.call('GET', 'inboxes', admin.token);
      return items.find(({ key }) => key === 'web').settings.wrap_up?.required === true;
    });
    await keeper.picture('3-settings');
    await expectAccessible(keeper.page.mainFrame(), 'the wish for a summary');
    await rest.call('POST', `conversations/${visitor.conversation}/resolve`, alex.token, {}, [400]);
  });

  await stage('the agent is asked before the end, in every look', async () => {
    await everyLook('4-ending', async () => {
      await page.waitForSelector(FIELD);
      await page.keyboard.press('Alt+E');
      await page.waitForSelector('.dialog .ending-solved');
    });
    await page.keyboard.press('Alt+E');
    await page.waitForSelector('.dialog .ending-solved');
    await page.click('.dialog button[type=submit]');
    await page.waitForSelector('.dialog .form-error:has-text("咨询类型")');
    await page.selectOption('.dialog select', '订单/破损');
    await page.click('.dialog button[type=submit]');
    await page.waitForSelector('.dialog .form-error:has-text("是否已解决")');
    await page.getByLabel('已解决', { exact: true }).check();
    await page.fill('.dialog textarea', '补发一只新杯子');
    await page.press('.dialog textarea', 'Control+Enter');
    await page.waitForSelector('.chat-header .state-tag.is-resolved, .chat-actions:has-text("重新打开")');
    await page.waitForSelector('.is-note .summary-line:has-text("订单/破损"):has-text("已解决")');
    await agent.sees('补发一只新杯子');
    await agent.picture('5-ended');
    await expectAccessible(page.mainFrame(), 'a conversation that has ended');
    const { state } = await rest.call('GET', `conversations/${visitor.conversation}`, alex.token);
    assert.equal(state, 'resolved');
  });

  await stage('many are ended with one summary', async () => {
    const more = [];
    for (const name of ['甲', '乙']) {
      const guest = await rest.visit(name, `${name}：请问在吗`);
      // Whoever is online was given it.
      await rest.act(admin.token, guest.conversation, 'transfer', { agent_id: alex.id });
      more.push(guest.conversation);
    }
    await openPage(agent, '#/mine', SCREENS[0]);
    for (const name of ['甲', '乙']) {
      await page.hover(`.row:has-text("${name}：")`);
      await page.check(`li:has-text("${name}：") .row-check input`);
    }
    await page.click('.bulk-bar button:last-of-type');
    await page.waitForSelector('.dialog:has-text("结束 2 个会话")');
    await page.selectOption('.dialog select', '其他');
    await page.getByLabel('未解决', { exact: true }).check();
    await page.click('.dialog button[type=submit]');
    for (const id of more) {
      await eventually('it has ended', async () => {
        const { state } = await rest.call('GET', `conversations/${id}`, alex.token);
        return state === 'resolved';
      });
      const { items } = await rest.call('GET', `conversations/${id}/messages`, alex.token);
      const notes = items.filter(({ kind }) => kind === 'note');
      assert.deepEqual(notes.map(({ data }) => data), [{ summary: { category: '其他', solved: false } }]);
    }
  });
}
