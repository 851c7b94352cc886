import type { ServerFrame } from '../protocol/types';
import type { Kept } from './bridge';

const PAUSE_MS = 1_000;
const SPREAD_MS = 20_000;

/**
 * Counts answers that come while no chat is loaded: one socket for visitors who have a
 * conversation. It only ever moves the badge, so it needs no fallback.
 */
export function watchUnread(base: URL, kept: Kept, tell: (count: number) => void): () => void {
  const url = new URL('../ws', base);
  url.protocol = url.protocol.replace('http', 'ws');
  url.search = `token=${kept.token}`;

  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let position = kept.seen ?? 0;
  let count = 0;

  const stop = () => {
    clearTimeout(timer);
    if (!socket) return;
    socket.onmessage = socket.onclose = null;
    socket.close();
  };
  const again = () => {
    stop();
    timer = setTimeout(connect, PAUSE_MS + Math.random() * SPREAD_MS);
  };
  const connect = () => {
    let missed = 0;
    const beat = () => {
      if (missed++ > 1) again();
      else socket!.send('{"type":"ping"}');
    };
    try {
      socket = new WebSocket(url, 'kefu.v1');
    } catch {
      // The page's own policy forbids the connection: there is no badge then.
      return;
    }
    socket.onmessage = ({ data }) => {
      missed = 0;
      const frame = JSON.parse(data as string) as ServerFrame;
      if (frame.type === 'hello') {
        const { epoch } = frame;
        const positions = [{ conversation_id: kept.conversation_id, seq: position }];
        socket!.send(JSON.stringify({ type: 'resume', epoch, positions }));
        timer = setInterval(beat, frame.heartbeat_s * 1000);
      } else if (frame.type === 'message' && frame.seq > position) {
        position = frame.seq;
        if (frame.kind !== 'event' && frame.from.kind !== 'visitor') tell(++count);
      }
    };
    socket.onclose = ({ code }) => {
      // A refusal stays one; everything else passes.
      if (code < 4000 || code > 4007) again();
    };
  };
  connect();
  return stop;
}
