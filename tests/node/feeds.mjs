// Clients of graphql-ws that subscribe to messages: node feeds.mjs URL JSON, where the JSON has the tokens of the clients
// and the conversations that are spoken in. Prints what each heard as one line of JSON.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const [url, given] = process.argv.slice(2);
const { admin, agent, nobody, first, second, own } = JSON.parse(given);
const http = url.replace(/^ws/, 'http').replace(/graphql$/, '');

function client(token, closed = () => {}) {
  return createClient({
    url,
    webSocketImpl: WebSocket,
    lazy: false,
    retryAttempts: 0,
    connectionParams: { authorization: `Bearer ${token}` },
    onNonLazyError: () => {},
    on: { closed },
  });
}

const query = `subscription($id: ID) { messageCreated(conversationId: $id) {
  text conversation { id note { text } } } }`;

// What a subscription hears, in order.
function listen(of, id) {
  const listening = { heard: [], ended: undefined, wake: () => {} };
  of.subscribe(
    { query, variables: { id } },
    {
      next: (result) => {
        listening.heard.push(result.data?.messageCreated ?? result);
        listening.wake();
      },
      error: (error) => {
        listening.ended = error;
        listening.wake();
      },
      complete: () => {},
    },
  );
  listening.has = (wanted) =>
    new Promise((resolve) => {
      listening.wake = () => {
        if (listening.ended || listening.heard.some((one) => one.text === wanted)) resolve();
      };
      listening.wake();
    });
  return listening;
}

async function say(to, text) {
  const answer = await fetch(`${http}api/v1/conversations/${to.conversation}/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${to.visitor}`, 'content-type': 'application/json' },
    body: JSON.stringify({ client_id: crypto.randomUUID(), kind: 'text', text }),
  });
  if (answer.status !== 201) throw new Error(`${answer.status}: ${await answer.text()}`);
}

// A subscription is not acknowledged: what it may hear is said until it does.
async function warm(listening, to) {
  let done = false;
  const has = listening.has('warm').then(() => (done = true));
  while (!done) {
    await say(to, 'warm');
    await Promise.race([has, new Promise((resolve) => setTimeout(resolve, 100))]);
  }
}

let closed;
const ended = new Promise((resolve) => (closed = resolve));
const adminClient = client(admin, (event) => closed({ code: event.code, reason: event.reason }));
const one = listen(adminClient, first.conversation);
const all = listen(client(admin));
const few = listen(client(agent));
const none = listen(client(nobody));
await warm(one, first);
await warm(all, second);
await warm(few, own);
await say(second, 'one');
await say(first, 'two');
await say(own, 'three');
await Promise.all([one.has('two'), all.has('three'), few.has('three'), none.has('three')]);
const told = (listening) => listening.heard.filter((one) => one.text !== 'warm');
const learned = { one: told(one), all: told(all), few: told(few), none: { heard: none.heard, ended: none.ended?.code } };
// The session of the first client ends, and with it its socket.
const out = await fetch(`${http}api/v1/auth/logout`, { method: 'POST', headers: { authorization: `Bearer ${admin}` } });
learned.logout = out.status;
learned.closed = await ended;
console.log(JSON.stringify(learned));
process.exit(0);
