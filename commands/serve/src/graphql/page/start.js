// Starts GraphiQL over this daemon, signed in by the console's cookie.
(function () {
  'use strict';

  var address = location.origin + '/graphql';

  async function post(parameters, options) {
    var response = await fetch(address, {
      method: 'POST',
      credentials: 'same-origin',
      headers: Object.assign(
        { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
        (options && options.headers) || {},
      ),
      body: JSON.stringify(parameters),
    });
    return response.json();
  }

  // Operations that go on are heard over graphql-transport-ws.
  function listen(parameters) {
    return {
      subscribe: function (sink) {
        var socket = new WebSocket(address.replace(/^http/, 'ws'), 'graphql-transport-ws');
        var isDone = false;
        function end(error) {
          if (isDone) return;
          isDone = true;
          if (error) sink.error(error);
          else sink.complete();
          socket.close();
        }
        socket.onopen = function () {
          socket.send('{"type":"connection_init"}');
        };
        socket.onmessage = function (event) {
          var message = JSON.parse(event.data);
          if (message.type === 'connection_ack') {
            socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: parameters }));
          } else if (message.type === 'next') {
            sink.next(message.payload);
          } else if (message.type === 'error') {
            end({ errors: message.payload });
          } else if (message.type === 'complete') {
            end();
          }
        };
        socket.onclose = function (event) {
          end({ errors: [{ message: 'the connection was closed: ' + event.code + ' ' + event.reason }] });
        };
        return {
          unsubscribe: function () {
            isDone = true;
            socket.close();
          },
        };
      },
    };
  }

  function isSubscription(parameters) {
    return /^\s*(#[^\n]*\n\s*)*subscription\b/.test(parameters.query);
  }

  function fetcher(parameters, options) {
    return isSubscription(parameters) ? listen(parameters) : post(parameters, options);
  }

  var root = ReactDOM.createRoot(document.getElementById('graphiql'));
  root.render(React.createElement(GraphiQL, { fetcher: fetcher, defaultEditorToolsVisibility: true }));
})();
