/* Many conversations and many messages: the list is right afterwards and scrolls. `bench/load.mjs` is the long form. */
import assert from 'node:assert/strict';
import { ask, Crowd } from '../crowd.mjs';
import { Agent } from '../people.mjs';
import { settled } from '../settled.mjs';

const CONVERSATIONS = 220;
const MESSAGES = 250;
const SECONDS = 5;
const AT_ONCE = 8;

export default async function load({ server, person, stage, eventually }) {
  const agent = await person(Agent, 'lin', { locale: 'en' });
  const { page } = agent;
  const crowd = new Crowd(server);
  const names = () => page.$$eval('.row-name', (all) => all.map((each) => each.textContent));

  await stage(`${CONVERSATIONS} conversations come to one agent`, async () => {
    await agent.signIn(server.agents[0]);
    const me = await ask(agent, 'GET', 'auth/me');
    await ask(agent, 'PATCH', `agents/${me.id}`, { capacity: CONVERSATIONS + 10 });
    const { items } = await ask(agent, 'GET', 'conversations?view=all');
    for (const { id } of items) await ask(agent, 'POST', `conversations/${id}/resolve`);
    let made = 0;
    const make = async () => {
      while (made < CONVERSATIONS) {
        made += 1;
        await crowd.arrive(`Visitor ${made}`, `Hello, this is ${made}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, make));
    await eventually('all are there', () => count(page, CONVERSATIONS));
    await page.click('.row >> nth=0');
    await page.waitForSelector('.composer');
    await page.mouse.move(900, 400);
  });

  let last = [];
  await stage(`${MESSAGES} messages in ${SECONDS} s leave the list in the right order`, async () => {
    const begin = Date.now();
    for (let at = 0; at < MESSAGES; at += 1) {
      const early = begin + (at * SECONDS * 1000) / MESSAGES - Date.now();
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
      const visitor = crowd.visitors[(at * 61) % crowd.visitors.length];
      await crowd.say(visitor, `Message ${at}`);
      last = [visitor.name, ...last.filter((name) => name !== visitor.name)];
    }
    const expected = last.slice(0, 8);
    await eventually('the newest are on top', async () => {
      const shown = await names();
      return expected.every((name, at) => shown[at] === name);
    });
    await agent.picture('1-after');
    const { items } = await ask(agent, 'GET', 'conversations?view=mine&limit=500');
    const named = new Map(items.map((each) => [each.visitor.name, each]));
    const top = named.get(expected[0]);
    assert.equal(top.last_message.text, `Message ${MESSAGES - 1}`);
    await page.waitForSelector(`.row:has-text("Message ${MESSAGES - 1}")`);
  });

  await stage('only rows in sight are in the page, and every row can be reached', async () => {
    assert.ok((await page.$$('.row')).length < 60);
    await page.focus('.row >> nth=0');
    await page.keyboard.press('End');
    await page.waitForSelector(`li[aria-posinset="${CONVERSATIONS}"] .row:focus`);
    await agent.picture('2-end');
    await page.keyboard.press('Home');
    await page.waitForSelector('li[aria-posinset="1"] .row:focus');
    await page.evaluate(() => document.activeElement.blur());
    const seen = new Set();
    for (let top = 0; ; top += 600) {
      const more = await page.$eval(
        '.list-scroll',
        (list, top) => {
          list.scrollTop = top;
          return list.scrollTop + list.clientHeight < list.scrollHeight;
        },
        top,
      );
      await settled(page);
      for (const name of await names()) seen.add(name);
      if (!more) break;
    }
    assert.equal(seen.size, CONVERSATIONS);
  });
}

async function count(page, expected) {
  const text = await page.textContent('.tab[aria-current] .count').catch(() => '');
  return Number(text) === expected;
}
