/* What an agent does in the conversation column, and what of it the visitor sees. */
import assert from 'node:assert/strict';
import { Agent, Visitor } from '../people.mjs';
import { settled } from '../settled.mjs';

const PHONE = '13912345678';
const NOTE = '内部备注：此客户要求加急，勿外传';

export default async function chatColumn({ server, person, stage, eventually, ...tools }) {
  const expectAccessible = (page, what) => tools.expectAccessible(page, what, COLUMN);
  const [linLogin, alexLogin] = server.agents;
  const lin = await person(Agent, 'lin', {
    locale: 'zh-CN',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const alex = await person(Agent, 'alex', { locale: 'en' }, (context) =>
    context.addInitScript(() => localStorage.setItem('kefu-console-locale', 'en')),
  );
  const ids = {};

  await stage('two agents sign in, and the office is furnished', async () => {
    await lin.signIn(linLogin);
    await alex.signIn(alexLogin);
    await api(lin, 'PUT', 'agents/me/status', { status: 'busy' });
    await api(alex, 'PUT', 'agents/me/status', { status: 'busy' });
    const agents = (await api(lin, 'GET', 'agents')).items;
    ids.lin = agents.find((each) => each.email === linLogin.email).id;
    ids.alex = agents.find((each) => each.email === alexLogin.email).id;
    ids.inbox = (await api(lin, 'GET', 'inboxes')).items.find((each) => each.key === 'web').id;
    ids.team = (await api(lin, 'POST', 'teams', { name: '售后组' })).id;
    for (const [name, colour, group] of [
      ['退款', '#b3261e', '售后'],
      ['物流', '#1859c9', '售后'],
      ['VIP', '#8a5a00', ''],
    ]) {
      await api(lin, 'POST', 'tags', { name, colour, group });
    }
    const canned = await api(lin, 'POST', 'canned-replies', {
      shared: true,
      folder: '售后',
      shortcut: 'refund-1',
      title: '退款说明',
      text: '{{visitor.name|您}}好，我是{{agent.name}}，退款将在 3 个工作日内原路退回。',
    });
    ids.canned = canned.id;
    await api(lin, 'POST', 'canned-replies', {
      shared: true,
      folder: '问候',
      shortcut: 'hello',
      title: '您好',
      text: '您好，请问有什么可以帮您？',
    });
    await api(lin, 'POST', 'articles', {
      state: 'published',
      texts: { zh: { title: '如何退货', body: '## 退货\n\n签收后 **30 天**内可以退货。' } },
    });
  });

  const visitor = await person(Visitor, 'visitor', { locale: 'zh-CN' });
  await stage('a visitor writes, the agent accepts', async () => {
    await visitor.visit('?lang=zh-CN');
    const talk = async () => {
      await visitor.openChat();
      await visitor.write(`退款什么时候到？我的电话是 ${PHONE}`);
    };
    // The page that it is at by itself is stored before the one that it is sent to below.
    const [told] = await Promise.all([
      visitor.page.waitForResponse((each) => each.url().endsWith('/widget/pages')),
      talk(),
    ]);
    assert.equal(told.status(), 204);
    await lin.open(2, '退款什么时候到');
    await shot(lin, '1-waiting');
    await lin.page.keyboard.press('Alt+A');
    await lin.page.waitForSelector('.chat-header .state-tag.is-open');
    ids.conversation = await openId(lin);
  });

  await stage('the header: number, priority, tags, the page that the visitor is at', async () => {
    const [, token] = visitor.received.join().match(/"token":"(kv_[^"]+)"/);
    const told = await visitor.page.request.post(`${server.origin}/api/v1/widget/pages`, {
      headers: { authorization: `Bearer ${token}` },
      data: { url: 'https://shop.example/cart', title: '购物车' },
    });
    assert.equal(told.status(), 204);
    await lin.page.reload();
    await lin.page.waitForSelector('.chat-page:has-text("购物车")');
    await lin.page.click('.chat-id');
    const copied = () => lin.page.evaluate(() => navigator.clipboard.readText());
    await eventually('the id is copied', async () => (await copied()) === ids.conversation);
    await lin.page.click('.chat-actions .popover-root > button');
    await lin.page.waitForSelector('.chat-menu');
    await shot(lin, '2-menu');
    await expectAccessible(lin.page, 'menu of the conversation');
    await lin.page.click('.chat-menu .menu-item.is-urgent');
    await lin.page.waitForSelector('.chat-header .priority-mark.is-urgent');
    await lin.page.click('.chat-strip .chip-button');
    await lin.page.waitForSelector('.tag-picker [role=option]');
    await lin.page.keyboard.type('tk');
    await lin.page.waitForSelector('.tag-picker [role=option]:only-child');
    await lin.page.keyboard.press('Enter');
    await lin.page.waitForSelector('.chat-tags .tag:has-text("退款")');
    await shot(lin, '3-tags');
    await expectAccessible(lin.page, 'tag picker');
    await lin.page.keyboard.press('Escape');
    // It is shown before it is stored.
    await eventually('the tag is stored', async () => {
      const { items } = await api(lin, 'GET', `conversations/${ids.conversation}/tags`);
      return String(items.map((each) => each.name)) === '退款';
    });
    await lin.page.click('.chat-actions .popover-root > button');
    await lin.page.click('.chat-menu > .menu-item:last-child');
    await eventually('the transcript is copied', async () =>
      (await lin.page.evaluate(() => navigator.clipboard.readText())).includes('退款什么时候到'),
    );
    await lin.page.keyboard.press('Escape');
  });

  await stage('an input method: the Enter that ends a word sends nothing', async () => {
    await lin.page.fill(FIELD, 'nihao');
    const before = await sentBy(lin, ids.conversation, ids.lin);
    await lin.page.$eval(FIELD, (field) => {
      const enter = (isComposing, keyCode) =>
        new KeyboardEvent('keydown', {
          key: 'Enter',
          code: 'Enter',
          keyCode,
          isComposing,
          bubbles: true,
          cancelable: true,
        });
      field.dispatchEvent(new CompositionEvent('compositionstart', { bubbles: true }));
      field.dispatchEvent(enter(true, 13));
      field.dispatchEvent(new CompositionEvent('compositionend', { data: '你好', bubbles: true }));
      field.dispatchEvent(enter(false, 229));
    });
    assert.equal(await lin.page.inputValue(FIELD), 'nihao');
    await lin.page.fill(FIELD, '您好，我来查一下');
    await lin.page.press(FIELD, 'Shift+Enter');
    await lin.page.keyboard.type('请稍等');
    assert.equal(await lin.page.inputValue(FIELD), '您好，我来查一下\n请稍等');
    await lin.page.press(FIELD, 'Enter');
    await visitor.sees('请稍等');
    // Messages keep their order: what the input method had sent would be there before this one.
    assert.equal(await sentBy(lin, ids.conversation, ids.lin), before + 1);
  });

  await stage('drafts are kept apart, and outlive a reload', async () => {
    await lin.page.fill(FIELD, '还没写完的回复');
    await lin.page.keyboard.press('Alt+P');
    await lin.page.waitForSelector('.composer.is-note');
    await lin.page.fill(FIELD, '还没写完的备注');
    await lin.page.reload();
    await lin.page.waitForSelector('.composer.is-note');
    assert.equal(await lin.page.inputValue(FIELD), '还没写完的备注');
    await lin.page.keyboard.press('Alt+L');
    await lin.page.waitForSelector('.composer:not(.is-note)');
    assert.equal(await lin.page.inputValue(FIELD), '还没写完的回复');
    await lin.page.fill(FIELD, '');
  });

  await stage('a note never reaches the visitor', async () => {
    await lin.page.keyboard.press('Alt+P');
    await lin.page.waitForSelector('.composer.is-note');
    await lin.page.fill(FIELD, NOTE);
    await shot(lin, '4-note');
    await expectAccessible(lin.page, 'note');
    const image = await picture(lin);
    await paste(lin, [image]);
    await lin.page.waitForSelector('.composer .trouble');
    assert.equal(await lin.page.$('.attachment'), null);
    await lin.page.press(FIELD, 'Enter');
    await lin.page.waitForSelector(`.is-note .bubble:has-text("勿外传")`);
    await lin.page.keyboard.press('Alt+L');
    await lin.write('马上为您处理。');
    await visitor.sees('马上为您处理。');
    const leaked = (texts) => texts.some((each) => each.includes('勿外传'));
    assert.ok(!leaked(visitor.received), 'the note is in what the visitor received');
    assert.ok(!leaked([await visitor.chat.content()]), 'the note is in the visitor’s page');
  });

  await stage('files: chosen, pasted and dropped', async () => {
    const [chosen, pasted, dropped] = ['chosen.png', 'pasted.png', 'dropped.png'];
    const image = await picture(lin);
    await lin.page.setInputFiles('.composer-tools input[type=file][accept]', {
      name: chosen,
      mimeType: 'image/png',
      buffer: Buffer.from(image, 'base64'),
    });
    await lin.page.waitForSelector(`.attachment:has-text("${chosen}")`);
    await paste(lin, [image], pasted);
    await lin.page.waitForSelector(`.attachment:has-text("${pasted}")`);
    await shot(lin, '5-attachments');
    await expectAccessible(lin.page, 'attachments');
    await lin.page.click(`.attachment:has-text("${chosen}") button`);
    await drag(lin, 'dragenter', image, dropped);
    await lin.page.waitForSelector('.drop-overlay');
    await shot(lin, '6-drop');
    await drag(lin, 'drop', image, dropped);
    await lin.page.waitForSelector('.drop-overlay', { state: 'detached' });
    await lin.page.waitForSelector(`.attachment:has-text("${dropped}")`);
    await lin.page.press(FIELD, 'Enter');
    await lin.page.waitForSelector('.attachment', { state: 'detached' });
    await eventually('two pictures are stored', async () => {
      const { items } = await api(lin, 'GET', `conversations/${ids.conversation}/messages`);
      const names = items.filter((each) => each.kind === 'image').map((each) => each.data.name);
      return names.includes(pasted) && names.includes(dropped) && !names.includes(chosen);
    });
    await eventually('the visitor has them', () =>
      [pasted, dropped].every((name) => visitor.received.some((each) => each.includes(name))),
    );
    await lin.page.setInputFiles('.composer-tools input[type=file]:not([accept])', {
      name: 'terms.txt',
      mimeType: 'text/plain',
      buffer: Buffer.from('terms'),
    });
    await lin.page.waitForSelector('.attachment:has-text("terms.txt")');
    await lin.page.press(FIELD, 'Enter');
    await eventually('the visitor has the text file', () =>
      visitor.received.some((each) => each.includes('terms.txt')),
    );
  });

  await stage('a file larger than the server takes is refused before it is sent, on both sides', async () => {
    const { upload_bytes_max: most } = await api(lin, 'GET', 'auth/me');
    for (const [page, input, told] of [
      [lin.page, '.composer-tools input[type=file]:not([accept])', '.trouble[role=alert]'],
      [visitor.chat, '.composer input[type=file]', '.composer [role=alert]'],
    ]) {
      const uploads = visitor.requested.concat(lin.requested).filter((url) => url.endsWith('/files')).length;
      await choose(page, input, [['film.txt', most + 1], ['fits.txt', 12]]);
      await page.waitForSelector(`${told}:has-text("film.txt"):has-text("最大支持 20 MB")`);
      await shot(page === lin.page ? lin : visitor, '6-too-large');
      if (page === lin.page) {
        await expectAccessible(page, 'a file that is too large');
        await page.press(FIELD, 'Enter');
      }
      // What fits is not kept back by what does not.
      await eventually('the other file is uploaded', () => {
        const now = visitor.requested.concat(lin.requested).filter((url) => url.endsWith('/files'));
        return Promise.resolve(now.length === uploads + 1);
      });
      await page.waitForSelector('.is-own .bubble:has-text("fits.txt")');
      assert.equal(await page.locator('.bubble:has-text("film.txt")').count(), 0);
    }
    const status = await lin.page.evaluate(
      async ([conversation, size]) => {
        const form = new FormData();
        form.append('file', new File(['x'.repeat(size)], 'film.txt', { type: 'text/plain' }));
        const path = `/api/v1/conversations/${conversation}/files`;
        const answer = await fetch(path, { method: 'POST', body: form }).catch(() => null);
        return answer === null ? 'cut off' : answer.status;
      },
      [ids.conversation, most + 1],
    );
    // It may hang up on whoever goes on sending.
    assert.ok(status === 413 || status === 'cut off', `the server answered ${status}`);
  });

  await stage('emoji go where the cursor is', async () => {
    await lin.page.fill(FIELD, '好的');
    await lin.page.click('.composer-tools .popover-root:first-child > button');
    await lin.page.waitForSelector('.emoji-grid button');
    await shot(lin, '7-emoji');
    await lin.page.click('.emoji-grid button:first-child');
    assert.match(await lin.page.inputValue(FIELD), /^好的\p{Emoji}/u);
    await lin.page.fill(FIELD, '');
  });

  await stage('canned replies: by initials, filled in, counted', async () => {
    const { visitor: who } = await api(lin, 'GET', `conversations/${ids.conversation}`);
    await lin.page.click(FIELD);
    await lin.page.keyboard.type('/tk');
    await lin.page.waitForSelector('.canned [role=option][aria-selected=true]:has-text("退款说明")');
    await eventually('only what fits is shown', async () => {
      const shown = await lin.page.$$('.canned [role=option]');
      return shown.length === 1;
    });
    await shot(lin, '8-canned');
    await expectAccessible(lin.page, 'canned replies');
    await lin.page.keyboard.press('Enter');
    await lin.page.waitForSelector('.canned', { state: 'detached' });
    const name = who.name || '您';
    const me = (await api(lin, 'GET', 'auth/me')).name;
    await eventually('the reply is in the field', async () =>
      (await lin.page.inputValue(FIELD)).startsWith(`${name}好，我是${me}`),
    );
    const { items } = await api(lin, 'GET', 'canned-replies');
    assert.equal(items.find((each) => each.id === ids.canned).uses, 1);
    await lin.page.press(FIELD, 'Enter');
    await visitor.sees('3 个工作日');
    await lin.page.keyboard.type('/');
    await lin.page.waitForSelector('.canned [role=option]');
    await lin.page.keyboard.press('Escape');
    assert.equal(await lin.page.inputValue(FIELD), '/');
    await lin.page.fill(FIELD, '');
    await lin.page.keyboard.type('、');
    await lin.page.waitForSelector('.canned');
    await lin.page.click('.canned .chip-button:has-text("问候")');
    await lin.page.keyboard.press('Enter');
    await eventually('a reply of the folder is in the field', async () =>
      (await lin.page.inputValue(FIELD)).startsWith('您好，请问'),
    );
    await lin.page.fill(FIELD, '');
  });

  await stage('canned replies at hand beside the conversation', async () => {
    const card = lin.page.locator('[data-card=replies]');
    await card.getByRole('searchbox').fill('tk');
    await eventually('only what fits is shown', async () => (await card.locator('.card-reply').count()) === 1);
    await lin.page.fill(FIELD, '谢谢您。');
    await card.locator('.card-reply:has-text("退款说明")').click();
    await eventually('the reply is behind what was written, and the cursor in the field', () =>
      lin.page.evaluate((field) => {
        const { value } = document.querySelector(field);
        const isThere = value.startsWith('谢谢您。') && value.includes('3 个工作日');
        return isThere && document.activeElement === document.querySelector(field);
      }, FIELD),
    );
    await shot(lin, '8-canned-card');
    await tools.expectAccessible(lin.page, 'canned replies in the column', '[data-card=replies]');
    await lin.page.fill(FIELD, '');
    await card.getByRole('searchbox').fill('没有这样的');
    await card.locator('[role=status]:has-text("没有匹配的快捷回复")').waitFor();
    await card.getByRole('searchbox').fill('');
  });

  await stage('an article of the knowledge base', async () => {
    await lin.page.click('.composer-tools button[aria-label="知识库"]');
    await lin.page.waitForSelector('dialog [role=combobox]');
    await lin.page.keyboard.type('退货');
    await lin.page.waitForSelector('.knowledge-preview:has-text("30 天")');
    await shot(lin, '9-knowledge');
    await expectAccessible(lin.page, 'knowledge');
    await lin.page.keyboard.press('Enter');
    await eventually('the article is in the field', async () =>
      (await lin.page.inputValue(FIELD)).includes('30 天'),
    );
    await lin.page.fill(FIELD, '');
  });

  await stage('a product card and a form', async () => {
    await openTool(lin, '商品卡片');
    await lin.page.click('dialog button[type=submit]');
    await lin.page.waitForSelector('dialog .form-error');
    await lin.page.getByLabel('标题', { exact: true }).fill('光环台灯');
    await lin.page.getByLabel('价格', { exact: true }).fill('¥299');
    await lin.page.getByLabel('链接', { exact: true }).fill('https://shop.example/p/1');
    await lin.page.click('dialog button:has-text("添加按钮")');
    await lin.page.getByLabel('按钮 1', { exact: true }).fill('我想要');
    await shot(lin, '10-card');
    await expectAccessible(lin.page, 'card builder');
    await lin.page.click('dialog button[type=submit]');
    await lin.page.waitForSelector('dialog', { state: 'detached' });
    await eventually('the visitor has the card', () =>
      visitor.received.some((each) => each.includes('光环台灯') && each.includes('"card"')),
    );
    await openTool(lin, '表单');
    await lin.page.getByLabel('标题', { exact: true }).fill('退款信息');
    await lin.page.getByLabel('问题', { exact: true }).fill('订单号');
    await lin.page.click('dialog button:has-text("添加问题")');
    await lin.page.getByLabel('问题', { exact: true }).nth(1).fill('退款原因');
    await lin.page.getByLabel('回答方式').nth(1).selectOption('select');
    await lin.page.getByLabel('选项，每行一个').fill('不喜欢\n有破损');
    await shot(lin, '11-form');
    await expectAccessible(lin.page, 'form builder');
    await lin.page.click('dialog button[type=submit]');
    await eventually('the visitor has the form', () =>
      visitor.received.some((each) => each.includes('退款信息') && each.includes('有破损')),
    );
    await openTool(lin, '表单');
    assert.equal(await lin.page.getByLabel('标题', { exact: true }).inputValue(), '退款信息');
    await lin.page.keyboard.press('Escape');
    await lin.page.waitForSelector('dialog', { state: 'detached' });
  });

  await stage('quote, edit and recall, as the visitor sees them', async () => {
    await visitor.write('订单号是 LP-20418');
    await lin.sees('LP-20418');
    await messageMenu(lin, 'LP-20418', '引用');
    await lin.page.waitForSelector('.quote-chip:has-text("LP-20418")');
    await shot(lin, '12-quote');
    await lin.write('收到，已为您登记');
    await visitor.sees('收到，已为您登记');
    await lin.page.waitForSelector('.quote-chip', { state: 'detached' });
    const { items } = await api(lin, 'GET', `conversations/${ids.conversation}/messages`);
    const quoting = items.find((each) => each.text === '收到，已为您登记');
    assert.equal(items.find((each) => each.seq === quoting.quote_seq).text, '订单号是 LP-20418');

    await lin.page.press(FIELD, 'Control+ArrowUp');
    await lin.page.waitForSelector('.composer-bar');
    assert.equal(await lin.page.inputValue(FIELD), '收到，已为您登记');
    await shot(lin, '13-edit');
    await expectAccessible(lin.page, 'edit');
    await lin.write('收到，已为您加急登记');
    await lin.sees('已为您加急登记');
    await visitor.sees('已为您加急登记');
    await lin.page.press(FIELD, 'Control+ArrowUp');
    await lin.page.keyboard.press('Escape');
    await lin.page.waitForSelector('.composer-bar', { state: 'detached' });

    await lin.write('这句话发错了');
    await visitor.sees('这句话发错了');
    await messageMenu(lin, '这句话发错了', '撤回');
    const gone = '.bubble:has-text("这句话发错了")';
    await lin.page.waitForSelector(gone, { state: 'detached' });
    await visitor.chat.waitForSelector(gone, { state: 'detached' });
  });

  await stage('what is masked is shown for a reason, until the conversation is left', async () => {
    await lin.sees('139****5678');
    await messageMenu(lin, '139****5678', '查看完整信息');
    await lin.page.waitForSelector('dialog input');
    await lin.page.keyboard.type('联系退款');
    await shot(lin, '14-reveal');
    await expectAccessible(lin.page, 'reveal');
    await lin.page.keyboard.press('Enter');
    await lin.sees(PHONE);
    const reopened = lin.page.url();
    await lin.page.keyboard.press('Alt+1');
    await lin.page.evaluate(() => (location.hash = '#/mine'));
    await lin.page.waitForSelector('.chat-pane .pane-title');
    await lin.page.goto(reopened);
    await lin.sees('139****5678');
    assert.equal(await lin.page.$(`.bubble:has-text("${PHONE}")`), null);
  });

  await stage('transferred to an agent with a note, to a team, and back', async () => {
    await lin.page.keyboard.press('Alt+T');
    await lin.page.waitForSelector('dialog [role=option]');
    await lin.page.keyboard.type('alex');
    await lin.page.waitForSelector('dialog [role=option]:only-child');
    await lin.page.fill('dialog textarea', '客户等退款，请跟进');
    await shot(lin, '15-transfer');
    await expectAccessible(lin.page, 'transfer');
    await lin.page.press('dialog textarea', 'Control+Enter');
    await lin.page.waitForSelector('dialog', { state: 'detached' });
    await alex.open(1, '退款');
    await alex.page.waitForSelector('.is-note .bubble:has-text("请跟进")');
    const { assignee } = await api(lin, 'GET', `conversations/${ids.conversation}`);
    assert.equal(assignee.id, ids.alex);

    await alex.page.keyboard.press('Alt+T');
    await alex.page.waitForSelector('dialog [role=option]');
    await alex.page.keyboard.type('shz');
    await alex.page.waitForSelector('dialog [role=option]:only-child:has-text("售后组")');
    await shot(alex, '16-transfer-team');
    await alex.page.keyboard.press('Enter');
    await alex.page.waitForSelector('dialog', { state: 'detached' });
    await eventually('it waits for the team', async () => {
      const now = await api(lin, 'GET', `conversations/${ids.conversation}`);
      return now.state === 'queued' && now.team?.id === ids.team;
    });
    await api(lin, 'POST', `conversations/${ids.conversation}/transfer`, { agent_id: ids.alex });
    await alex.page.waitForSelector('.composer');
    await alex.page.waitForSelector('.event:has-text("back to the queue")');
  });

  await stage('a supervisor whispers, joins, leaves and takes over', async () => {
    await lin.page.goto(`${server.origin}/console/#/all/${ids.conversation}`);
    await lin.page.waitForSelector('.composer-closed');
    await shot(lin, '17-observed');
    await expectAccessible(lin.page, 'a conversation of somebody else');
    await lin.page.click('.composer-closed button:has-text("悄悄话")');
    await lin.page.waitForSelector('dialog textarea');
    await lin.page.keyboard.type('可以直接给他补发');
    await shot(lin, '18-whisper');
    await expectAccessible(lin.page, 'whisper');
    await lin.page.press('dialog textarea', 'Control+Enter');
    await alex.page.waitForSelector('.is-note .bubble:has-text("补发")');

    await lin.page.click('.composer-closed button:has-text("加入会话")');
    await lin.page.waitForSelector('.composer');
    await alex.page.waitForSelector('.chat-joined');
    await lin.page.type(FIELD, '我是');
    await alex.page.waitForSelector('.chat-collision');
    await shot(alex, '19-collision');
    await expectAccessible(alex.page, 'collision');
    await lin.write('我是主管，一同为您处理');
    await visitor.sees('我是主管');
    await lin.page.click('.chat-actions .popover-root > button');
    await lin.page.click('.chat-menu .menu-item:has-text("退出会话")');
    await lin.page.waitForSelector('.composer-closed');
    await lin.page.click('.composer-closed button:has-text("接管")');
    await lin.page.waitForSelector('.composer');
    await eventually('it is the supervisor’s', async () => {
      const now = await api(lin, 'GET', `conversations/${ids.conversation}`);
      return now.assignee.id === ids.lin;
    });
    assert.ok(!visitor.received.some((each) => each.includes('补发')), 'the whisper leaked');
    const actions = (await api(lin, 'GET', 'audit')).items.map((each) => each.action);
    for (const action of ['whispered', 'joined', 'left', 'taken_over']) {
      assert.ok(actions.includes(`conversation.${action}`), action);
    }
  });

  await stage('rating invited; sent and resolved with one click', async () => {
    await openTool(lin, '邀请评价');
    await eventually('the visitor is asked', () =>
      visitor.received.some((each) => each.includes('rating_invited')),
    );
    await lin.page.fill(FIELD, '感谢您的耐心，再见！');
    await lin.page.click('.split-more');
    await shot(lin, '20-send-menu');
    await expectAccessible(lin.page, 'send menu');
    await lin.page.click('.send-menu .menu-item:first-child');
    await visitor.sees('再见！');
    await lin.page.waitForSelector('.chat-header .state-tag.is-resolved');
    await shot(lin, '21-resolved');
    await expectAccessible(lin.page, 'resolved');
    const { items } = await api(lin, 'GET', `conversations/${ids.conversation}/messages`);
    const at = (test) => items.findIndex(test);
    const said = at((each) => each.text === '感谢您的耐心，再见！');
    assert.ok(said < at((each) => each.seq > items[said].seq && each.event?.code === 'resolved'));
  });

  await stage('Enter breaks the line once Ctrl+Enter is chosen to send', async () => {
    await lin.page.click('.chat-actions button:has-text("重新打开")');
    await lin.page.waitForSelector('.composer');
    await lin.page.click('.split-more');
    await lin.page.click('.send-menu .menu-item:last-child');
    await lin.page.fill(FIELD, '第一行');
    await lin.page.press(FIELD, 'Enter');
    await lin.page.keyboard.type('第二行');
    assert.equal(await lin.page.inputValue(FIELD), '第一行\n第二行');
    await lin.page.reload();
    await lin.page.waitForSelector('.composer');
    await lin.page.press(FIELD, 'Control+Enter');
    await visitor.sees('第二行');
    await lin.page.click('.split-more');
    await lin.page.click('.send-menu .menu-item:nth-last-child(2)');
  });

  await stage('the bot answers until an agent takes the conversation', async () => {
    const bot = { name: '小灯', rules: [{ keywords: ['发票'], reply: '发票在订单页申请。' }] };
    await api(lin, 'PATCH', `inboxes/${ids.inbox}`, { settings: { bot } });
    const asking = await person(Visitor, 'asking', { locale: 'zh-CN' });
    await asking.visit('?lang=zh-CN');
    await asking.openChat();
    await asking.write('怎么开发票？');
    await asking.sees('发票在订单页申请');
    const withBot = asking.received.join().match(/"conversation_id":"([0-9a-f-]{36})"/)[1];
    await lin.page.goto(`${server.origin}/console/#/all/${withBot}`);
    await lin.page.waitForSelector('.composer-closed:has-text("机器人")');
    await shot(lin, '22-bot');
    await expectAccessible(lin.page, 'with the bot');
    await lin.page.click('.composer-closed .is-primary');
    await lin.page.waitForSelector('.composer');
    await lin.write('您好，我是人工客服');
    await asking.sees('我是人工客服');
    await asking.page.context().close();
  });

  await stage('an offer: accepted with a key, declined, run out', async () => {
    const team = await api(lin, 'POST', 'teams', {
      name: '接入组',
      settings: { accept_timeout_s: 8 },
    });
    await api(lin, 'PATCH', `agents/${ids.alex}`, { teams: [team.id] });
    await api(lin, 'PATCH', `inboxes/${ids.inbox}`, { settings: { team_id: team.id } });
    await alex.page.goto(`${server.origin}/console/#/mine`);
    await alex.page.click('.row:has-text("Marcus")');
    await alex.page.waitForSelector('.composer');
    await alex.page.click(FIELD);
    await alex.page.keyboard.type('half a sen');
    await api(alex, 'PUT', 'agents/me/status', { status: 'online' });

    const offered = await person(Visitor, 'offered', { locale: 'zh-CN' });
    await offered.visit('?lang=zh-CN');
    await offered.openChat();
    await offered.write('有人吗？');
    const first = await alex.page.waitForSelector('.offer');
    await shot(alex, '23-offer');
    await expectAccessible(alex.page, 'offer');
    await alex.page.keyboard.type('tence');
    assert.equal(await alex.page.inputValue(FIELD), 'half a sentence', 'the card took the focus');

    await eventually('the first offer runs out', () =>
      alex.received.some((each) => each.includes('"offer_missed"')),
    );
    await first.waitForElementState('hidden');
    const second = await alex.page.waitForSelector('.offer');
    const declined = alex.page.waitForResponse((each) => each.url().endsWith('/decline'));
    await alex.page.click('.offer button:not(.is-primary)');
    assert.equal((await declined).status(), 200);
    // What is declined may stand there until the answer has been read; then it is offered anew.
    await second.waitForElementState('hidden');
    await alex.page.waitForSelector('.offer .button.is-primary:enabled');
    await alex.page.keyboard.press('Alt+A');
    await alex.page.waitForSelector('.offer', { state: 'detached' });
    await alex.sees('有人吗？');
    await alex.page.waitForSelector('.chat-header .state-tag.is-open');
    await alex.write('Hello, I am here');
    await offered.sees('I am here');

    await offered.page.context().close();
    const late = await person(Visitor, 'late', { locale: 'zh-CN' });
    await late.visit('?lang=zh-CN');
    await late.openChat();
    await late.write('还有人吗？');
    await alex.page.waitForSelector('.offer');
    await api(alex, 'PUT', 'agents/me/status', { status: 'busy' });
    await alex.page.waitForSelector('.offer', { state: 'detached' });
    await late.page.context().close();
  });

  await stage('every screen in dark and English, and at 320 pixels', async () => {
    const dark = await person(Agent, 'dark', {
      locale: 'en',
      colorScheme: 'dark',
      storageState: await lin.page.context().storageState({ indexedDB: false }),
    });
    await dark.page.addInitScript(() => localStorage.setItem('kefu-console-locale', 'en'));
    await dark.page.goto(`${server.origin}/console/#/mine/${ids.conversation}`);
    await dark.page.waitForSelector('.composer');
    await dark.sees('第二行');
    await screens(dark, 'dark');
    for (const width of [1024, 800]) {
      await dark.page.setViewportSize({ width, height: 768 });
      await shot(dark, `dark-${width}`);
      await expectAccessible(dark.page, `${width} pixels`);
    }
    await dark.page.setViewportSize({ width: 320, height: 640 });
    await screens(dark, '320');
    const wide = await dark.page.evaluate(
      () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
    );
    assert.equal(wide, false, 'the page scrolls sideways at 320 pixels');
    await lin.page.setViewportSize({ width: 320, height: 640 });
    await lin.page.goto(`${server.origin}/console/#/mine/${ids.conversation}`);
    await lin.page.waitForSelector('.composer');
    await screens(lin, 'zh-320');
  });

  /** Every panel of the column once, checked and pictured. */
  async function screens(agent, label) {
    const { page } = agent;
    const look = async (name) => {
      await shot(agent, `${label}-${name}`);
      await expectAccessible(page, `${label}: ${name}`);
    };
    await look('conversation');
    await page.click('.chat-actions .popover-root > button');
    await page.waitForSelector('.chat-menu');
    await look('menu');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Alt+T');
    await page.waitForSelector('dialog [role=option]');
    await look('transfer');
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog', { state: 'detached' });
    await page.fill(FIELD, '');
    await page.type(FIELD, '/');
    await page.waitForSelector('.canned [role=option]');
    await look('canned');
    await page.keyboard.press('Escape');
    await page.fill(FIELD, '');
    await page.click('.composer-tools > button:nth-last-child(2)');
    await page.waitForSelector('dialog [role=combobox]');
    await page.keyboard.type('退货');
    await page.waitForSelector('.knowledge-preview h3');
    await look('knowledge');
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog', { state: 'detached' });
    for (const [at, name] of [
      [1, 'card'],
      [2, 'form'],
    ]) {
      await page.click('.composer-tools > .popover-root:last-child > button');
      await page.click(`.composer-tools .popover .menu-item:nth-child(${at})`);
      await page.waitForSelector('dialog .builder');
      await look(name);
      await page.keyboard.press('Escape');
      await page.waitForSelector('dialog', { state: 'detached' });
    }
    await page.keyboard.press('Alt+P');
    await page.waitForSelector('.composer.is-note');
    await look('note');
    await page.keyboard.press('Alt+L');
    await page.waitForSelector('.composer:not(.is-note)');
    await page.click('.chat-strip .chip-button');
    await page.waitForSelector('.tag-picker [role=option]');
    await look('tags');
    await page.keyboard.press('Escape');
    const shifted = await page.$$eval('body *', (all) =>
      all.filter((each) => each.scrollLeft > 0).map((each) => each.className),
    );
    assert.deepEqual(shifted, [], `${label}: something was pushed aside`);
  }
}

/** What this spec is about; the rest of the page has specs of its own. */
const COLUMN = '.chat-pane, .offers, dialog';
const FIELD = '.composer textarea';

/** A request as the agent who sits at the page. */
function api(agent, method, path, body) {
  return agent.page.evaluate(
    async ([method, path, body]) => {
      const response = await fetch(`/api/v1/${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return text === '' ? null : JSON.parse(text);
    },
    [method, path, body],
  );
}

/** A picture once what slides in is there. */
async function shot(agent, label) {
  await settled(agent.page);
  await agent.picture(label);
}

/** The conversation that is open, by the address of the page. */
function openId(agent) {
  return agent.page.evaluate(() => location.hash.split('/')[2]);
}

async function sentBy(agent, conversation, sender) {
  const { items } = await api(agent, 'GET', `conversations/${conversation}/messages`);
  return items.filter((each) => each.from.id === sender).length;
}

/** A small PNG in base64. */
function picture(agent) {
  return agent.page.evaluate(() => {
    const canvas = document.createElement('canvas');
    canvas.width = 120;
    canvas.height = 80;
    const context = canvas.getContext('2d');
    context.fillStyle = '#1859c9';
    context.fillRect(0, 0, 120, 80);
    return canvas.toDataURL('image/png').split(',')[1];
  });
}

function paste(agent, images, name = 'image.png') {
  return agent.page.$eval(
    FIELD,
    (field, [images, name]) => {
      const clipboardData = new DataTransfer();
      for (const image of images) {
        const bytes = Uint8Array.from(atob(image), (each) => each.charCodeAt(0));
        clipboardData.items.add(new File([bytes], name, { type: 'image/png' }));
      }
      field.dispatchEvent(
        new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }),
      );
    },
    [images, name],
  );
}

/** Files of these names and sizes, as from the system's dialog. */
function choose(page, input, files) {
  return page.$eval(
    input,
    (element, files) => {
      const chosen = new DataTransfer();
      for (const [name, size] of files) {
        chosen.items.add(new File(['x'.repeat(size)], name, { type: 'text/plain' }));
      }
      element.files = chosen.files;
      element.dispatchEvent(new Event('change', { bubbles: true }));
    },
    files,
  );
}

/** Over the log, for the whole column takes files. */
function drag(agent, type, image, name) {
  return agent.page.$eval(
    '.chat-pane .timeline-scroll',
    (log, [type, image, name]) => {
      const dataTransfer = new DataTransfer();
      const bytes = Uint8Array.from(atob(image), (each) => each.charCodeAt(0));
      dataTransfer.items.add(new File([bytes], name, { type: 'image/png' }));
      log.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
    },
    [type, image, name],
  );
}

/** Something of the menu behind the plus. */
async function openTool(agent, name) {
  await agent.page.click('.composer-tools > .popover-root:last-child > button');
  await agent.page.click(`.composer-tools .menu-item:has-text("${name}")`);
}

/** Something of the menu of the message with this text. */
async function messageMenu(agent, text, name) {
  const line = `.chat-pane .bubble-line:has-text(${JSON.stringify(text)})`;
  await agent.page.hover(line);
  await agent.page.click(`${line} .bubble-menu`);
  await agent.page.click(`.bubble .popover .menu-item:has-text("${name}")`);
}
