// The client of graphql-ws over a socket: node socket.mjs URL TOKEN. Prints what it learns as one line of JSON.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const [url, token, conversation, visitor] = process.argv.slice(2);

function client(payload) {
  return createClient({
    url,
    webSocketImpl: WebSocket,
    lazy: false,
    retryAttempts: 0,
    connectionParams: payload,
    onNonLazyError: () => {},
  });
}

function ask(of, query, variables) {
  return new Promise((resolve) => {
    const results = [];
    of.subscribe(
      { query, variables },
      {
        next: (result) => results.push(result),
        error: (error) => resolve({ error: error.code ?? error }),
        complete: () => resolve({ results }),
      },
    );
  });
}

// The first answer of a subscription; `act` is done until there is one.
function first(of, query, variables, act) {
  return new Promise((resolve) => {
    const timer = setInterval(act, 100);
    const done = (result) => {
      clearInterval(timer);
      resolve(result);
    };
    const stop = of.subscribe(
      { query, variables },
      {
        next: (result) => {
          done(result);
          stop();
        },
        error: (error) => done({ error }),
        complete: () => done({}),
      },
    );
  });
}

const say = () =>
  fetch(`${url.replace(/^ws/, 'http').replace(/graphql$/, '')}api/v1/conversations/${conversation}/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${visitor}`, 'content-type': 'application/json' },
    body: JSON.stringify({ client_id: crypto.randomUUID(), kind: 'text', text: 'hello' }),
  });

// What a raw socket is closed with after it says these things.
function closed(...messages) {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, 'graphql-transport-ws');
    const rest = [...messages];
    const next = () => {
      const message = rest.shift();
      if (message !== undefined) socket.send(typeof message === 'string' ? message : JSON.stringify(message));
    };
    socket.on('open', next);
    socket.on('message', next);
    socket.on('close', (code) => resolve(code));
    socket.on('error', () => {});
  });
}

const init = { type: 'connection_init', payload: { authorization: `Bearer ${token}` } };
const subscribe = { id: '1', type: 'subscribe', payload: { query: '{ __typename }' } };
const good = client({ Authorization: `Bearer ${token}` });
const many = await Promise.all(
  Array.from({ length: 20 }, (_, place) => ask(good, `query($n: Boolean!) { a${place}: __typename @include(if: $n) }`, { n: true })),
);
const learned = {
  query: await ask(good, '{ __typename agents { name } }'),
  many: many.filter((one, place) => one.results?.[0]?.data?.[`a${place}`] === 'Query').length,
  changed: await first(good, 'subscription($id: ID!) { conversation(id: $id) { id state } }', { id: conversation }, say),
  invalid: await ask(good, '{ nothing }'),
  unknown: await ask(client({ authorization: 'Bearer kefu_nothing' }), '{ __typename }'),
  garbage: await closed('hello'),
  early: await closed(subscribe),
  twice: await closed(init, init),
  same: await closed(init, subscribe, { ...subscribe, type: 'nonsense' }),
  silent: await closed(),
};
await good.dispose();
console.log(JSON.stringify(learned));
process.exit(0);
