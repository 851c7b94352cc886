/* What messages hold: every kind, changes of them, files on their way, and texts that mean harm. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { Agent, Visitor } from '../people.mjs';
import { picture, tone } from '../samples.mjs';
import { Talk } from '../talk.mjs';
import { settled } from '../settled.mjs';

const hostile = JSON.parse(await readFile(new URL('../hostile.json', import.meta.url)));

export default async function content({ server, person, stage, eventually, expectAccessible }) {
  const agent = await person(Agent, 'agent', {
    locale: 'en',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const visitor = await person(Visitor, 'visitor', { locale: 'en' });
  let asAgent;
  let asVisitor;
  const seqs = {};

  /** Opens a conversation by its address: a list keeps its order while the pointer is in it. */
  const show = async (conversation, text) => {
    await agent.page.goto(`${server.origin}/console/#/mine/${conversation}`);
    await agent.sees(text);
  };
  const chatPane = () => agent.page.locator('.chat-pane');
  const inChat = () => visitor.chat;

  /** Both ends show an element of the message with this number. */
  const bothShow = async (seq, selector) => {
    await agent.page.waitForSelector(`[data-seq="${seq}"] ${selector}`);
    await inChat().waitForSelector(`[data-seq="${seq}"] ${selector}`);
  };

  await stage('a conversation begins', async () => {
    await agent.signIn(server.agents[0]);
    await agent.setStatus('online');
    await visitor.visit('?inbox=shop-en&lang=en');
    await visitor.openChat();
    await visitor.write('Which jacket is warmer?');
    await visitor.chat.waitForSelector('.is-own .tick.is-sent, .is-own .tick.is-read');
    // What an answer holds is read after the page has had it.
    let session;
    await eventually('the session is known', async () => {
      session = visitor.received
        .map((text) => parsed(text))
        .find((each) => each?.token && each.conversation_id);
      return session !== undefined;
    });
    asVisitor = new Talk(server.origin, session.token, session.conversation_id);
    asAgent = await Talk.asAgent(server.origin, server.agents[0], session.conversation_id);
    await show(session.conversation_id, 'Which jacket is warmer?');
  });

  await stage('every kind of message is shown on both sides', async () => {
    seqs.marked = await asAgent.say({
      text:
        'The **down jacket** is *much* warmer, see https://shop.example/jackets:\n' +
        '- `DJ-1`: to -20 °C\n- `DJ-2`: to -30 °C\nMore in [our guide](https://shop.example/guide).',
    });
    seqs.image = await asAgent.sendFile('jacket.png', 'image/png', picture(640, 360));
    seqs.file = await asAgent.sendFile('care.txt', 'text/plain', Buffer.from('wash at 30 °C\n'));
    seqs.voice = await asAgent.sendFile('voice.wav', 'audio/wav', tone(2), { duration_ms: 2000 });
    seqs.place = await asAgent.say({
      kind: 'location',
      data: { latitude: 31.2304, longitude: 121.4737, name: 'Store', address: '100 Nanjing Road' },
    });
    seqs.card = await asAgent.say({
      kind: 'card',
      data: {
        title: 'Down jacket DJ-2',
        subtitle: 'Black, all sizes',
        price: '$199.00',
        image_url: 'https://pictures.example/dj-2.jpg',
        url: 'https://shop.example/dj-2',
        buttons: [
          { label: 'Look at it', url: 'https://shop.example/dj-2' },
          { label: 'Keep one for me', reply: 'Please keep one for me' },
        ],
      },
    });
    seqs.own = await asVisitor.sendFile('me.png', 'image/png', picture(90, 160, 40));
    await bothShow(seqs.marked, 'strong');
    await bothShow(seqs.marked, 'em');
    await bothShow(seqs.marked, 'li code');
    await bothShow(seqs.marked, 'a[href="https://shop.example/guide"]');
    await bothShow(seqs.image, 'img[src^="/files/"]');
    await bothShow(seqs.file, '.file-row[href^="/files/"][download="care.txt"]');
    await bothShow(seqs.voice, 'audio[controls]:not([autoplay])');
    await bothShow(seqs.place, 'a[href="geo:31.23040,121.47370"]');
    await bothShow(seqs.card, 'a[href="https://pictures.example/dj-2.jpg"]');
    await bothShow(seqs.own, 'img[src^="/files/"]');
    const box = await inChat().locator(`[data-seq="${seqs.image}"] .picture`).boundingBox();
    const isAsWide = Math.abs(box.width / box.height - 640 / 360) < 0.05;
    assert.ok(isAsWide, `a box of ${box.width} × ${box.height}`);
    assert.ok(box.width <= 320 && box.height <= 240);
    await visitor.picture('1-kinds');
    await agent.picture('1-kinds');
  });

  await stage('a file is downloaded under its name', async () => {
    const [download] = await Promise.all([
      visitor.page.waitForEvent('download'),
      inChat().click(`[data-seq="${seqs.file}"] .file-row`),
    ]);
    assert.equal(download.suggestedFilename(), 'care.txt');
  });

  await stage('a button of a card says its reply', async () => {
    await inChat().click(`[data-seq="${seqs.card}"] button:has-text("Keep one for me")`);
    await agent.sees('Please keep one for me');
    assert.ok(await agent.page.isDisabled(`[data-seq="${seqs.card}"] button:has-text("Keep")`));
  });

  await stage('questions are checked, answered, and shown with their answers', async () => {
    seqs.form = await asAgent.say({
      kind: 'form',
      data: {
        title: 'Where shall we send it?',
        fields: [
          { name: 'who', label: 'Name', type: 'text', required: true },
          { name: 'mail', label: 'Email', type: 'email', required: true },
          { name: 'phone', label: 'Phone', type: 'phone' },
          { name: 'count', label: 'How many', type: 'number' },
          { name: 'day', label: 'Delivery day', type: 'date' },
          { name: 'size', label: 'Size', type: 'select', options: ['S', 'M', 'L'], required: true },
          { name: 'notes', label: 'Notes', type: 'multiline' },
          { name: 'news', label: 'Send me news', type: 'checkbox' },
        ],
      },
    });
    const form = inChat().locator(`[data-seq="${seqs.form}"] form`);
    await form.waitFor();
    await agent.page.waitForSelector(`[data-seq="${seqs.form}"] li:has-text("Delivery day")`);
    await form.getByRole('button', { name: 'Send answers' }).click();
    assert.equal(await form.locator('.form-error').count(), 3);
    const hasFocus = (each) => each === document.activeElement;
    assert.ok(await form.getByLabel('Name').evaluate(hasFocus));
    await form.getByLabel('Name').fill('Li Na');
    await form.getByLabel('Email').fill('not an address');
    await form.getByLabel('Size').selectOption('M');
    assert.equal(await form.locator('.form-error').count(), 1);
    await visitor.picture('2-form');
    await form.getByLabel('Email').fill('shopper@shop.example');
    await form.getByLabel('Send me news').check();
    await form.getByLabel('Email').press('Enter');
    await form.waitFor({ state: 'detached' });
    await bothShow(seqs.form, 'dd:has-text("Li Na")');
    const answers = chatPane().locator('.is-other .form-body dl');
    await answers.waitFor();
    assert.match(await answers.innerText(), /Size\s+M/);
    assert.match(await answers.innerText(), /Send me news\s+Yes/);
    await visitor.picture('3-answered');
    await agent.picture('3-answered');
  });

  await stage('a quote stands above its answer and leads to what it quotes', async () => {
    const seq = await asAgent.say({ text: 'This one is the warmer one', quote_seq: seqs.image });
    await bothShow(seq, '.quote:has-text("jacket.png")');
    await inChat().click(`[data-seq="${seq}"] .quote`);
    await eventually('the quoted message is in sight and has the focus', () =>
      inChat().evaluate((quoted) => {
        const target = document.querySelector(`[data-seq="${quoted}"]`);
        const { top, bottom } = target.getBoundingClientRect();
        return target === document.activeElement && top >= 0 && bottom <= innerHeight;
      }, seqs.image),
    );
  });

  await stage('an edit and a recall show at once, without rows of their own', async () => {
    const edited = await asAgent.say({ text: 'It costs 199 dollar' });
    const recalled = await asVisitor.say({ text: 'something said too soon' });
    await bothShow(edited, '.message-text');
    await bothShow(recalled, '.message-text');
    const rows = await inChat().locator('.event').count();
    await asAgent.edit(edited, 'It costs 199 dollars');
    await asVisitor.recall(recalled);
    await bothShow(edited, '.message-text:has-text("199 dollars") ~ .edited');
    await bothShow(recalled, '.withdrawn');
    assert.ok(!(await inChat().content()).includes('said too soon'));
    assert.equal(await inChat().locator('.event').count(), rows);
    await visitor.picture('4-changed');
    await agent.picture('4-changed');
  });

  await stage('an edit of a note shows at once, and stays inside', async () => {
    const note = await asAgent.say({ kind: 'note', text: 'VIP' });
    await agent.page.waitForSelector(`[data-seq="${note}"]`);
    await asAgent.edit(note, 'VIP since 2019');
    await agent.page.waitForSelector(`[data-seq="${note}"] .message-text:has-text("2019")`);
    assert.ok(!visitor.received.some((text) => text.includes('VIP')));
  });

  await stage('an expired address is renewed once; after that one can try again', async () => {
    let refuse = (url) => !url.includes('renewed');
    await agent.page.route('**/files/**', (route) => {
      const url = route.request().url();
      if (url.includes('/api/')) return route.continue();
      return refuse(url) ? route.fulfill({ status: 403, body: '' }) : route.continue();
    });
    const messages = await asAgent.call('GET', `conversations/${asAgent.conversation}/messages`);
    const { file_id } = messages.items.find(({ seq }) => seq === seqs.image).data;
    // The other pictures ask for themselves, each when it comes near.
    let asked = 0;
    await agent.page.route('**/api/v1/files/*', async (route) => {
      if (route.request().url().includes(file_id)) asked += 1;
      const answer = await route.fetch();
      const file = await answer.json();
      await route.fulfill({ json: { ...file, url: `${file.url}&renewed=${asked}` } });
    });
    await agent.page.reload();
    await agent.page.waitForSelector(`[data-seq="${seqs.image}"] img[src*="renewed="]`);
    await eventually('the picture is loaded', () =>
      agent.page
        .locator(`[data-seq="${seqs.image}"] img`)
        .evaluate((each) => each.complete && each.naturalWidth === 640),
    );
    refuse = () => true;
    asked = 0;
    await agent.page.reload();
    const broken = agent.page.locator(`[data-seq="${seqs.image}"] .broken`);
    await broken.waitFor();
    const before = asked;
    await settled(agent.page);
    assert.equal(asked, before, 'it goes on asking by itself');
    await broken.scrollIntoViewIfNeeded();
    await agent.picture('5-broken');
    refuse = () => false;
    await broken.locator('button').click();
    await agent.page.waitForSelector(`[data-seq="${seqs.image}"] img`);
    await agent.page.unrouteAll();
  });

  await stage('pictures are shown large, with the keyboard alone', async () => {
    const link = agent.page.locator(`[data-seq="${seqs.image}"] .picture`);
    await link.focus();
    await agent.page.keyboard.press('Enter');
    const box = agent.page.locator('.lightbox');
    await box.waitFor();
    for (let step = 0; step < 8; step++) await agent.page.keyboard.press('+');
    assert.equal(await box.locator('output').innerText(), '500%');
    await agent.picture('6-zoomed');
    await agent.page.keyboard.press('0');
    await agent.page.keyboard.press('ArrowRight');
    await box.locator('img[alt="me.png"]').waitFor();
    await agent.page.keyboard.press('ArrowRight');
    await box.locator('img[alt="me.png"]').waitFor();
    for (let step = 0; step < 12; step++) {
      await agent.page.keyboard.press('Tab');
      const inside = await agent.page.evaluate(() => {
        const { activeElement, body } = document;
        return activeElement === body || !!activeElement?.closest('.lightbox');
      });
      assert.ok(inside, 'the focus left the pictures');
    }
    await expectAccessible(agent.page, 'lightbox');
    await agent.picture('7-lightbox');
    await agent.page.keyboard.press('Escape');
    await box.waitFor({ state: 'detached' });
    assert.ok(await link.evaluate((each) => each === document.activeElement), 'the focus is lost');
  });

  await stage('what came while the chat was closed begins under a line', async () => {
    await inChat().click('.widget-header > .icon-button');
    const seq = await asAgent.say({ text: 'Are you still there?' });
    await asAgent.say({ text: 'We close at six.' });
    await eventually('the badge shows two', async () => (await visitor.unread()) === 2);
    await visitor.openChat();
    await inChat().waitForSelector(`.is-new ~ .group [data-seq="${seq}"]`);
    await inChat().click('.timeline-jump');
    assert.equal(await inChat().locator('.is-new').count(), 1);
    await visitor.picture('8-new');
  });

  await stage('what others write is read out, many at once as a number', async () => {
    const heard = () =>
      inChat().$$eval('[role=status]', (all) => all.map((each) => each.textContent).join('|'));
    const one = `only one ${Date.now()}`;
    await asAgent.say({ text: one });
    await eventually('one is read out', async () => (await heard()).includes(one));
    // On a busy machine five do not always come together.
    let last;
    await eventually('five are counted', async () => {
      const many = `many ${Date.now()}`;
      const five = [1, 2, 3, 4, 5].map((n) => asAgent.say({ text: `${many}, ${n}` }));
      last = Math.max(...(await Promise.all(five)));
      await inChat().waitForFunction(
        (said) =>
          [...document.querySelectorAll('[role=status]')].some(
            ({ textContent }) => textContent.includes('new messages') || textContent.includes(said),
          ),
        many,
      );
      const now = await heard();
      return now.includes('new messages') && !now.includes(many);
    });
    assert.equal(await inChat().getAttribute('[role=log]', 'aria-live'), 'off');
    await agent.page.waitForSelector(`[data-seq="${last}"]`);
  });

  await stage('the menu of a message opens by mouse and keyboard, and is not cut off', async () => {
    const line = agent.page.locator('.bubble-line').last();
    const button = line.locator('.bubble-menu');
    await agent.page.mouse.move(0, 0);
    assert.equal(await button.evaluate((each) => getComputedStyle(each).opacity), '0');
    await line.hover();
    await button.click();
    const item = line.locator('.menu-item').first();
    await item.waitFor();
    const isSeen = await item.evaluate((each) => {
      const { left, top, width, height } = each.getBoundingClientRect();
      const middle = document.elementFromPoint(left + width / 2, top + height / 2);
      return each.contains(middle) && each === document.activeElement;
    });
    assert.ok(isSeen, 'the menu is hidden, or has not the focus');
    await expectAccessible(agent.page, 'menu');
    await agent.picture('9-menu');
    await agent.page.keyboard.press('Escape');
    await item.waitFor({ state: 'detached' });
    assert.ok(await button.evaluate((each) => each === document.activeElement));
    const text = await line.locator('.message-text').innerText();
    await agent.page.keyboard.press('Enter');
    await line.locator('.menu-item:has-text("Copy")').press('Enter');
    await item.waitFor({ state: 'detached' });
    const copied = () => agent.page.evaluate(() => navigator.clipboard.readText());
    await eventually('the text is copied', async () => (await copied()) === text);
  });

  await filesOnTheirWay();
  await stage('texts that mean harm are texts', harm);
  await stage('earlier messages come in above without moving what is read', history);
  await stage('twenty thousand messages scroll well', many);
  await looks();
  await stage('nothing is left of what was erased', erased);

  async function filesOnTheirWay() {
    const { visitor_id } = visitor.received
      .map((text) => parsed(text))
      .find((each) => each?.visitor_id);
    const png = picture(120, 80).toString('base64');

    /** As if a file had been chosen while the page was offline. */
    const chosen = async (text) => {
      await inChat().evaluate(
        async ({ conversation_id, owner, text, png }) => {
          const bytes = Uint8Array.from(atob(png), (each) => each.charCodeAt(0));
          const blob = new Blob([bytes], { type: 'image/png' });
          const open = indexedDB.open('kefu');
          await new Promise((done) => (open.onsuccess = done));
          const store = open.result.transaction('outbox', 'readwrite').objectStore('outbox');
          const now = Date.now();
          const put = store.put({
            client_id: crypto.randomUUID(),
            conversation_id,
            kind: 'file',
            text,
            file: { blob, name: 'offline.png', media_type: 'image/png' },
            order: now,
            created_at: new Date(now).toISOString(),
            state: 'queued',
            owner,
          });
          await new Promise((done) => (put.onsuccess = done));
          open.result.close();
        },
        { conversation_id: asVisitor.conversation, owner: visitor_id, text, png },
      );
      await visitor.visit('?inbox=shop-en&lang=en');
      await visitor.openChat();
    };
    const times = async (text) => {
      const path = `conversations/${asAgent.conversation}/messages?limit=100`;
      const { items } = await asAgent.call('GET', path);
      return items.filter((each) => each.text === text).length;
    };

    await stage('a file chosen offline is sent after a reload, with progress', async () => {
      let go;
      const held = new Promise((done) => (go = done));
      await visitor.page.route('**/conversations/*/files', async (route) => {
        await held;
        await route.continue();
      });
      await chosen('from the tunnel');
      await inChat().waitForSelector('.upload progress');
      await inChat().waitForSelector('.picture img[src^="blob:"]');
      await visitor.picture('9-upload');
      go();
      await agent.sees('from the tunnel');
      await inChat().waitForSelector('.upload', { state: 'detached' });
      await inChat().waitForSelector('.bubble:has-text("from the tunnel") img[src^="/files/"]');
      await visitor.page.unrouteAll({ behavior: 'ignoreErrors' });
      assert.equal(await times('from the tunnel'), 1);
    });

    await stage('an upload can be cancelled; what follows it goes out', async () => {
      await visitor.page.route('**/conversations/*/files', () => undefined);
      await chosen('never mind');
      await visitor.write('after the cancelled one');
      await inChat().click('.upload .link-button');
      await agent.sees('after the cancelled one');
      assert.equal(await inChat().locator('.bubble:has-text("never mind")').count(), 0);
      assert.equal(await times('never mind'), 0);
      await visitor.page.unrouteAll({ behavior: 'ignoreErrors' });
    });

    await stage('a refused file says why, and is sent when it is tried again', async () => {
      await visitor.page.route('**/conversations/*/files', (route) =>
        route.fulfill({ status: 413, json: { code: 'too_large', field: 'file', title: 'x' } }),
      );
      await chosen('at the second try');
      await inChat().waitForSelector('.failure:has-text("too large")');
      await visitor.picture('10-refused');
      await visitor.page.unrouteAll({ behavior: 'ignoreErrors' });
      await inChat().click('.failure .link-button:has-text("Try again")');
      await agent.sees('at the second try');
      await inChat().waitForSelector('.failure', { state: 'detached' });
      assert.equal(await times('at the second try'), 1);
    });

    await stage('an upload that the network breaks is made again', async () => {
      let attempts = 0;
      await visitor.page.route('**/conversations/*/files', (route) => {
        attempts += 1;
        return attempts < 3 ? route.abort() : route.continue();
      });
      await chosen('through the storm');
      await agent.sees('through the storm');
      assert.equal(attempts, 3);
      assert.equal(await times('through the storm'), 1);
      await visitor.page.unrouteAll({ behavior: 'ignoreErrors' });
    });
  }

  /** Says everything in `hostile.json` as both, then looks at what became of it. */
  async function harm() {
    const sent = [];
    const say = async (who, message) => sent.push(await who.say(message));
    for (const text of hostile.texts) {
      await say(asVisitor, { text });
      await say(asAgent, { text });
    }
    for (const text of hostile.texts.slice(0, 12)) await say(asAgent, { kind: 'note', text });
    for (const url of hostile.webUrls) {
      const buttons = [{ label: hostile.labels[0], url }];
      const data = { title: hostile.labels[1], image_url: url, url, buttons };
      await say(asAgent, { kind: 'card', data });
    }
    for (const label of hostile.labels) {
      const types = ['text', 'multiline', 'checkbox'];
      const fields = types.map((type) => ({ name: label, label, type }));
      const asking = await asAgent.say({ kind: 'form', data: { title: label, fields } });
      sent.push(asking);
      const values = [{ name: label, value: label }];
      await say(asVisitor, { kind: 'form', data: { answers_seq: asking, values } });
      await say(asAgent, { kind: 'location', data: { latitude: 1, longitude: 1, name: label } });
    }
    for (const name of hostile.fileNames) {
      sent.push(await asVisitor.sendFile(name, 'image/png', picture(40, 30)));
      sent.push(await asAgent.sendFile(name, 'image/png', picture(40, 30)));
    }
    const last = sent[sent.length - 1];
    await bothShow(last, '.picture');
    for (const frame of [agent.page.mainFrame(), inChat()]) {
      assert.equal(await frame.evaluate(() => globalThis.hacked), undefined);
      const wrong = await frame.evaluate((first) => {
        const allowed = new Set(
          (
            'DIV SPAN P A BUTTON UL OL LI DL DT DD STRONG EM CODE BDI IMG AUDIO VIDEO SVG PATH ' +
            'FORM LABEL INPUT TEXTAREA SELECT OPTION TIME'
          ).split(' '),
        );
        const found = [];
        for (const line of document.querySelectorAll('[data-seq]')) {
          if (Number(line.dataset.seq) < first) continue;
          for (const each of line.querySelectorAll('*')) {
            const name = each.tagName.toUpperCase();
            if (!allowed.has(name)) found.push(name);
            for (const { name: attribute, value } of each.attributes) {
              const isAddress = attribute === 'href' && /^(https?:|geo:|\/files\/)/.test(value);
              const isSource = attribute === 'src' && value.startsWith('/files/');
              const isWrong = /^on|^srcdoc$|^(href|src)$/.test(attribute);
              if (isWrong && !isAddress && !isSource) found.push(`${attribute}=${value}`);
            }
          }
        }
        return found;
      }, sent[0]);
      assert.deepEqual(wrong, []);
    }
    const plain = await visitor.bubbles('own');
    for (const text of hostile.texts) assert.ok(plain.includes(text), `changed: ${text}`);
    for (const [one, frame] of [
      [visitor, inChat()],
      [agent, agent.page.mainFrame()],
    ]) {
      const line = frame.locator(`[data-seq="${sent[38]}"]`);
      await line.scrollIntoViewIfNeeded();
      const isSeen = () =>
        line.evaluate((each) => {
          const { top, bottom } = each.getBoundingClientRect();
          return bottom > 0 && top < innerHeight;
        });
      await eventually('what was scrolled to is in sight', isSeen);
      await settled(frame);
      await one.picture('11-harm');
      assert.ok(await isSeen(), 'what was scrolled to has left');
    }

    for (const [index, name] of hostile.names.entries()) {
      const named = await Talk.asVisitor(server.origin, 'shop-en', { name });
      await named.say({ text: `named ${index}` });
      await show(named.conversation, `named ${index}`);
      assert.equal(await agent.page.evaluate(() => globalThis.hacked), undefined);
      assert.equal(await agent.page.locator('.chat-pane script, .chat-pane img').count(), 0);
    }
  }

  async function history() {
    await agent.page.goto(`${server.origin}/console/#/mine/${asAgent.conversation}`);
    await agent.page.reload();
    await agent.page.waitForSelector('.timeline-older');
    const read = await agent.page.evaluate(async () => {
      const log = document.querySelector('.timeline-scroll');
      log.scrollTop = 700;
      const lines = [...document.querySelectorAll('[data-seq]')];
      const line = lines.find((each) => each.getBoundingClientRect().top > 200);
      const { top } = line.getBoundingClientRect();
      return { seq: line.dataset.seq, first: lines[0].dataset.seq, top };
    });
    const now = () =>
      agent.page.evaluate(({ seq }) => {
        const first = document.querySelector('[data-seq]').dataset.seq;
        const { top } = document.querySelector(`[data-seq="${seq}"]`).getBoundingClientRect();
        return { first, top };
      }, read);
    await eventually('earlier messages are there', async () => (await now()).first !== read.first);
    await settled(agent.page);
    const { top } = await now();
    assert.ok(Math.abs(top - read.top) < 4, `moved from ${read.top} to ${top}`);
  }

  async function many() {
    const COUNT = 20_000;
    const conversation = asAgent.conversation;
    const begin = Date.parse('2026-01-01T00:00:00Z');
    const items = Array.from({ length: COUNT }, (_, index) => ({
      conversation_id: conversation,
      seq: index + 1,
      prev_seq: index,
      id: `many-${index}`,
      client_id: null,
      from: { kind: index % 3 === 0 ? 'visitor' : 'agent', id: 'x', name: 'Lin' },
      kind: 'text',
      text: `message ${index + 1} ${'of a long conversation '.repeat(index % 5)}`,
      created_at: new Date(begin + index * 45_000).toISOString(),
    }));
    await agent.page.route(`**/conversations/${conversation}/messages*`, (route) =>
      route.fulfill({ json: { items, has_more: false } }),
    );
    await agent.page.goto(`${server.origin}/console/#/mine`);
    await agent.page.reload();
    await agent.page.waitForSelector('.rail-item > .dot.is-online');
    const opened = Date.now();
    await agent.page.goto(`${server.origin}/console/#/mine/${conversation}`);
    await agent.page.waitForSelector(`[data-seq="${COUNT}"]`);
    console.log(`     20,000 messages: shown after ${Date.now() - opened} ms`);
    const scrolled = await agent.page.evaluate(async () => {
      const log = document.querySelector('.timeline-scroll');
      const frames = [];
      let last = performance.now();
      for (let step = 0; step < 60; step++) {
        log.scrollTop -= 700;
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        frames.push(now - last);
        last = now;
      }
      frames.sort((a, b) => a - b);
      return { median: frames[30], worst: frames[59] };
    });
    // Whatever else this machine does: what was not scrolled by is not rendered.
    const rendered = await agent.page.locator('[data-seq]').count();
    assert.ok(rendered < 3_000, `${rendered} messages are rendered`);
    const { median, worst } = scrolled;
    console.log(`     frames while scrolling: ${median.toFixed()} ms, at worst ${worst.toFixed()}`);
    await agent.page.unrouteAll({ behavior: 'ignoreErrors' });
  }

  /** The visitor is gone with it; the agent looks on. */
  async function erased() {
    const head = await asAgent.call('GET', `conversations/${asAgent.conversation}`);
    const { customer_id } = await asAgent.call('GET', `visitors/${head.visitor.id}`);
    await agent.page.waitForSelector('.chat-pane .message-text');
    await asAgent.call('POST', `customers/${customer_id}/erase`);
    await agent.page.waitForSelector('.chat-pane .event:has-text("删除")');
    await agent.page.waitForSelector('.chat-pane .withdrawn');
    const texts = agent.page.locator('.chat-pane .message-text');
    await eventually('no text is left', async () => (await texts.count()) === 0);
    await agent.picture('14-erased');
  }

  async function looks() {
    for (const lang of ['en', 'zh-CN']) {
      for (const colorScheme of ['light', 'dark']) {
        await stage(`${lang}, ${colorScheme}: accessible, wide and narrow`, async () => {
          await visitor.page.emulateMedia({ colorScheme });
          await agent.page.emulateMedia({ colorScheme });
          await visitor.page.setViewportSize({ width: 1440, height: 900 });
          await visitor.visit(`?inbox=shop-en&lang=${lang}`);
          await visitor.openChat();
          const keep = (locale) => localStorage.setItem('kefu-console-locale', locale);
          await agent.page.evaluate(keep, lang);
          await agent.page.reload();
          await agent.page.waitForSelector('[data-seq]');
          await expectAccessible(inChat(), `widget ${lang} ${colorScheme}`);
          await expectAccessible(agent.page, `console ${lang} ${colorScheme}`);
          await visitor.picture(`12-${lang}-${colorScheme}`);
          await agent.picture(`12-${lang}-${colorScheme}`);
          await visitor.page.setViewportSize({ width: 320, height: 640 });
          await visitor.picture(`13-${lang}-${colorScheme}-320`);
          await agent.page.setViewportSize({ width: 320, height: 640 });
          await agent.page.reload();
          await agent.page.waitForSelector('[data-seq]');
          await agent.picture(`13-${lang}-${colorScheme}-320`);
          await agent.page.setViewportSize({ width: 1440, height: 900 });
        });
      }
    }
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
