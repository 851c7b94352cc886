/* A visitor and an agent talk to each other, from the first word to the rating. */
import assert from 'node:assert/strict';
import { Agent, Visitor } from '../people.mjs';

export default async function conversation({ server, person, stage, eventually }) {
  const agent = await person(Agent, 'agent', { locale: 'zh-CN' });
  await stage('the agent signs in', () => agent.signIn(server.agents[0]));
  await wholeConversation('zh-CN', WORDS['zh-CN'], agent);
  const english = await person(Agent, 'agent-dark', {
    locale: 'en',
    colorScheme: 'dark',
    storageState: await agent.page.context().storageState({ indexedDB: false }),
  });
  await agent.page.context().close();
  await english.page.addInitScript(() => localStorage.setItem('kefu-console-locale', 'en'));
  await english.page.goto(`${server.origin}/console/`);
  await english.page.waitForSelector('.rail-item > .dot.is-online');
  await wholeConversation('en', WORDS.en, english);
  await withoutSockets(english);

  /** From the first word to the rating, in one language. */
  async function wholeConversation(lang, words, agent) {
    const visitor = await person(Visitor, `visitor-${lang}`, { locale: lang });

    await stage(`${lang}: the chat does not begin before it is wanted`, async () => {
      await visitor.visit(words.query);
      await visitor.picture('0-shop');
      assert.equal(await visitor.hasBegun(), false);
    });

    await stage(`${lang}: a first message waits while nobody takes it`, async () => {
      await agent.setStatus('busy');
      await visitor.openChat();
      await visitor.picture('1-greeting');
      await visitor.write(words.question);
      await visitor.chat.waitForSelector('.waiting');
      await visitor.chat.waitForSelector('.is-own .tick.is-sent');
      await visitor.picture('2-waiting');
    });

    await stage(`${lang}: the agent sees and accepts it`, async () => {
      await agent.open(2, words.question);
      await agent.picture(`${lang}-3-waiting`);
      await agent.page.keyboard.press('Alt+A');
      await agent.page.waitForSelector('.chat-header .state-tag.is-open');
      await visitor.chat.waitForSelector('.waiting', { state: 'detached' });
      await visitor.chat.waitForSelector('.tick.is-read');
    });

    await stage(`${lang}: both directions arrive, with typing and read marks`, async () => {
      // They are there for some seconds only.
      await Promise.all([
        visitor.chat.waitForSelector('.typing-dots'),
        agent.page.type('.composer textarea', words.answer.slice(0, 3)),
      ]);
      await visitor.picture('4-typing');
      await agent.write(words.answer);
      await visitor.sees(words.answer);
      await visitor.chat.waitForSelector('.typing-dots', { state: 'detached' });
      await agent.page.waitForSelector('.tick.is-read');
      await visitor.write(words.thanks);
      await agent.sees(words.thanks);
      await visitor.picture('5-talk');
      await agent.picture(`${lang}-5-talk`);
    });

    await stage(`${lang}: a note stays inside`, async () => {
      await agent.page.keyboard.press('Alt+P');
      await agent.write(words.note);
      await agent.page.waitForSelector(`.is-note .bubble:has-text(${JSON.stringify(words.note)})`);
      await agent.picture(`${lang}-6-note`);
      await agent.page.keyboard.press('Alt+L');
      await agent.write(words.afterNote);
      await visitor.sees(words.afterNote);
      assert.ok(!(await visitor.chat.content()).includes(words.note), 'the note is in the page');
      assert.ok(
        !visitor.received.some((each) => each.includes(words.note)),
        'the note was sent to the visitor',
      );
    });

    await stage(`${lang}: a closed chat counts what comes, even after a change of page`, async () => {
      await visitor.chat.click('.widget-header > .icon-button');
      await agent.write(words.while1);
      await eventually('the badge shows one', async () => (await visitor.unread()) === 1);
      await visitor.picture('7-badge');
      await visitor.openChat();
      await eventually('the badge is gone', async () => (await visitor.unread()) === 0);
      await visitor.chat.click('.widget-header > .icon-button');
      visitor.requested.length = 0;
      await visitor.visit(words.query);
      await agent.write(words.while2);
      await eventually('the badge shows one again', async () => (await visitor.unread()) === 1);
      assert.equal(await visitor.hasBegun(), false);
      await visitor.openChat();
      await visitor.sees(words.while2);
    });

    await stage(
      `${lang}: kill -9 while messages are queued, each arrives once and in order`,
      async () => {
        const early = [1, 2, 3].map((n) => `${words.cut} ${n}`);
        for (const text of early) await visitor.write(text);
        await server.kill();
        const late = [4, 5].map((n) => `${words.cut} ${n}`);
        for (const text of late) await visitor.write(text);
        await visitor.chat.waitForSelector('.tick.is-queued');
        await visitor.chat.waitForSelector('.banner.is-warn');
        await visitor.picture('8-cut');
        await agent.picture(`${lang}-8-cut`);
        await server.start();
        await agent.sees(late[1]);
        await visitor.chat.waitForSelector('.tick.is-queued', { state: 'detached' });
        const shown = (await agent.bubbles('other')).filter((each) => each.startsWith(words.cut));
        assert.deepEqual(shown, [...early, ...late]);
        const own = (await visitor.bubbles('own')).filter((each) => each.startsWith(words.cut));
        assert.deepEqual(own, [...early, ...late]);
      },
    );

    await stage(`${lang}: a message that waits outlives a reload of the page`, async () => {
      const text = `${words.cut} reload`;
      await server.kill();
      await visitor.write(text);
      await visitor.chat.waitForSelector('.tick.is-queued');
      await server.start();
      await visitor.visit(words.query);
      await visitor.openChat();
      await agent.sees(text);
      await visitor.sees(text);
      await visitor.chat.waitForSelector('.tick.is-queued', { state: 'detached' });
      assert.equal(times(await agent.bubbles('other'), text), 1);
      assert.equal(times(await visitor.bubbles('own'), text), 1);
    });

    await stage(`${lang}: resolved and rated`, async () => {
      await agent.page.keyboard.press('Alt+E');
      await agent.page.waitForSelector('.chat-header .state-tag.is-resolved');
      await visitor.chat.waitForSelector('.rating');
      await visitor.chat.check('.rating input[value="5"]');
      await visitor.chat.fill('.rating textarea', words.comment);
      await visitor.picture('9-rating');
      await visitor.chat.click('.rating .button');
      await visitor.chat.waitForSelector('.rating.is-done');
      await visitor.picture('10-rated');
      await agent.page.waitForSelector(
        `.details-pane blockquote:has-text(${JSON.stringify(words.comment)})`,
      );
      await agent.picture(`${lang}-10-rated`);
    });

    await stage(`${lang}: a new message opens it again`, async () => {
      await visitor.write(words.again);
      await agent.page.waitForSelector('.chat-header .state-tag:not(.is-resolved)');
      await agent.sees(words.again);
    });
    await visitor.page.context().close();
  }

  /** The same frames where no WebSocket gets through. */
  async function withoutSockets(agent) {
    const blocked = (context) =>
      context.addInitScript(() => {
        globalThis.WebSocket = class {
          constructor() {
            setTimeout(() => this.onclose?.({ code: 1006 }), 20);
          }
          send() {}
          close() {}
        };
      });
    const visitor = await person(
      Visitor,
      'visitor-stream',
      { locale: 'en', colorScheme: 'dark' },
      blocked,
    );
    await stage('without WebSocket: both directions over server-sent events', async () => {
      await agent.setStatus('online');
      await visitor.visit('?inbox=shop-en&lang=en');
      await visitor.openChat();
      await visitor.write('Sent by POST');
      await agent.open(1, 'Sent by POST');
      await agent.write('Came as an event');
      await visitor.sees('Came as an event');
      await visitor.chat.waitForSelector('.is-own .tick');
      await visitor.picture('talk');
      assert.equal(times(await agent.bubbles('other'), 'Sent by POST'), 1);
    });
    await visitor.page.context().close();
  }
}

const times = (texts, text) => texts.filter((each) => each === text).length;

const WORDS = {
  'zh-CN': {
    query: '?lang=zh-CN',
    question: '你好，请问双肩包有黑色的吗？ https://shop.example/p/1',
    answer: '有的，今天刚到货，需要给您留一个吗？',
    thanks: '好的，麻烦您了！',
    note: '内部：黑色库存三件',
    afterNote: '已经为您预留。',
    while1: '还有其他需要吗？',
    while2: '满 299 元包邮哦。',
    cut: '断线消息',
    comment: '回复很快，很满意',
    again: '我还想再问一下',
  },
  en: {
    query: '?inbox=shop-en&lang=en',
    question: 'Hello, does the backpack come in black?',
    answer: 'It does, and it is back in stock today.',
    thanks: 'Lovely, please keep one for me.',
    note: 'inside: three black ones left',
    afterNote: 'One is set aside for you.',
    while1: 'Anything else?',
    while2: 'Delivery is free above 299.',
    cut: 'cut message',
    comment: 'quick and kind',
    again: 'One more question',
  },
};
