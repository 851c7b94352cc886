import { receive, type Transport, type TransportEvents } from './transport';
import type { ClientFrame } from './types';

/**
 * Server-sent events down, POST up: the same frames where a proxy lets no WebSocket through.
 * Read by `fetch`, because `EventSource` hides the status and sends no headers.
 */
export function openStream(
  server: URL,
  token: string | null,
  events: TransportEvents,
): Transport {
  const url = new URL('api/v1/stream', server);
  const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
  const credentials: RequestCredentials = token ? 'omit' : 'same-origin';
  const abort = new AbortController();
  let over = false;
  let connection = '';
  let uplink: Promise<void> = Promise.resolve();
  const end = (code: number) => {
    if (over) return;
    over = true;
    abort.abort();
    events.closed(code);
  };

  async function read(): Promise<void> {
    const response = await fetch(url, {
      headers: { ...headers, accept: 'text/event-stream' },
      credentials,
      cache: 'no-store',
      signal: abort.signal,
    });
    if (!response.ok || !response.body) {
      const codes: Record<number, number> = { 401: 4001, 403: 4003, 429: 4029 };
      end(codes[response.status] ?? 1006);
      return;
    }
    events.opened();
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    const parse = eventParser((name, data) => {
      if (over) return;
      if (name === 'close') {
        end((JSON.parse(data) as { code: number }).code);
        return;
      }
      receive(data, events, (frame) => {
        if (frame.type === 'hello') connection = frame.connection_id;
      });
    });
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parse(decoder.decode(value, { stream: true }));
    }
    end(1006);
  }

  async function post(frame: ClientFrame): Promise<void> {
    const response = await fetch(new URL(`stream/${encodeURIComponent(connection)}`, url), {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(frame),
      credentials,
      signal: abort.signal,
    });
    if (!response.ok) end(1006);
  }

  read().catch(() => end(1006));
  return {
    send(frame) {
      // One at a time: two POSTs in flight may overtake each other.
      uplink = uplink.then(() => (over ? undefined : post(frame))).catch(() => end(1006));
    },
    close: () => end(1006),
  };
}

/** Splits an event stream into its events, whatever the chunks; unnamed ones are `message`. */
export function eventParser(found: (name: string, data: string) => void): (chunk: string) => void {
  let rest = '';
  let name = 'message';
  let lines: string[] = [];
  return (chunk) => {
    const parts = (rest + chunk).split(/\r\n|\n|\r(?!$)/);
    rest = parts.pop() ?? '';
    for (const line of parts) {
      const [, field, value = ''] = /^(\w+): ?(.*)$/s.exec(line) ?? [];
      if (line === '') {
        if (lines.length > 0) found(name, lines.join('\n'));
        name = 'message';
        lines = [];
      } else if (field === 'data') {
        lines.push(value);
      } else if (field === 'event') {
        name = value;
      }
    }
  };
}
