import type { ClientFrame, ServerFrame } from './types';

export type TransportKind = 'socket' | 'stream';

/** One connection. After `closed` it is of no more use. */
export interface Transport {
  send(frame: ClientFrame): void;
  close(): void;
}

export interface TransportEvents {
  opened(): void;
  frame(frame: ServerFrame): void;
  /** Called once; `code` is the WebSocket close code, 1006 when there was none. */
  closed(code: number): void;
}

export type Connect = (kind: TransportKind, events: TransportEvents) => Transport;

/** Connections to `server`; with a token for visitors, with the cookie for agents. */
export function connector(server: URL, token: () => string | null): Connect {
  return (kind, events) =>
    kind === 'socket'
      ? connectSocket(server, token(), events)
      : connectStream(server, token(), events);
}

function connectSocket(server: URL, token: string | null, events: TransportEvents): Transport {
  const url = new URL('ws', server);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  if (token) url.searchParams.set('token', token);
  const socket = new WebSocket(url, 'kefu.v1');
  let over = false;
  const end = (code: number) => {
    if (over) return;
    over = true;
    events.closed(code);
  };
  socket.onopen = () => events.opened();
  socket.onmessage = (event) => {
    if (!over) receive(String(event.data), events);
  };
  socket.onclose = (event) => end(event.code);
  return {
    send(frame) {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
    },
    close() {
      // A half-open socket never answers a close; do not wait for it.
      socket.close();
      end(1006);
    },
  };
}

/** Loaded when it is needed: most networks let sockets through. */
function connectStream(server: URL, token: string | null, events: TransportEvents): Transport {
  let stream: Transport | null = null;
  let over = false;
  const end = () => {
    if (!over) events.closed(1006);
    over = true;
  };
  import('./stream').then(({ openStream }) => {
    if (!over) stream = openStream(server, token, events);
  }, end);
  return {
    send: (frame) => stream?.send(frame),
    close: () => (stream ? stream.close() : end()),
  };
}

/** Hears a frame; what cannot be read is none. */
export function receive(
  text: string,
  events: TransportEvents,
  first: (frame: ServerFrame) => void = () => undefined,
): void {
  let frame: ServerFrame;
  try {
    frame = JSON.parse(text) as ServerFrame;
  } catch {
    return;
  }
  first(frame);
  events.frame(frame);
}
