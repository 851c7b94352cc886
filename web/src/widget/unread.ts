import { backoff } from '../protocol/backoff';
import type { ServerFrame } from '../protocol/types';
import type { Kept } from './bridge';

/**
 * Counts answers that came while the chat was closed, without loading the chat: one socket for
 * visitors who have a conversation. It only ever moves the badge, so it needs no fallback.
 */
export function watchUnread(server: URL, kept: Kept, tell: (count: number) => void): () => void {
  const { token, conversation_id } = kept;
  if (!token || !conversation_id || !kept.seen) return () => undefined;
  const url = new URL('ws', server);
  url.protocol = url.protocol.replace('http', 'ws');
  url.searchParams.set('token', token);

  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let attempt = 0;
  let position = kept.seen;
  let count = 0;
  let missed = 0;

  const beat = (intervalMs: number) => {
    timer = setTimeout(() => {
      if (missed++ >= 2) {
        socket?.close();
        again();
        return;
      }
      socket?.send('{"type":"ping"}');
      beat(intervalMs);
    }, intervalMs);
  };
  const again = () => {
    clearTimeout(timer);
    if (socket) socket.onmessage = socket.onclose = null;
    timer = setTimeout(connect, 1000 + backoff(attempt++, Math.random));
  };
  const connect = () => {
    try {
      socket = new WebSocket(url, 'kefu.v1');
    } catch {
      // The page's own policy forbids the connection: there is no badge then.
      return;
    }
    socket.onmessage = (event) => {
      missed = 0;
      const frame = JSON.parse(String(event.data)) as ServerFrame;
      if (frame.type === 'hello') {
        attempt = 0;
        const known = frame.epoch === kept.epoch;
        if (!known) position = 0;
        const positions = known ? [{ conversation_id, seq: position }] : [];
        socket?.send(JSON.stringify({ type: 'resume', epoch: frame.epoch, positions }));
        beat(frame.heartbeat_s * 1000);
      } else if (frame.type === 'message' && frame.seq > position) {
        position = frame.seq;
        if (frame.kind === 'text' && frame.from.kind !== 'visitor') tell(++count);
      }
    };
    socket.onclose = ({ code }) => {
      clearTimeout(timer);
      if (code < 4000 || code > 4007) again();
    };
  };
  connect();
  return () => {
    clearTimeout(timer);
    if (socket) {
      socket.onmessage = socket.onclose = null;
      socket.close();
    }
  };
}
