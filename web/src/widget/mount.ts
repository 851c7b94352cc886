import type { Init, Kept, Options, Panel, ToFrame, ToHost } from './bridge';
import { hold } from './hold';
import { readKept, writeKept } from './kept';
import { createLauncher } from './launcher';
import { watchUnread } from './unread';

export type Mounted = ReturnType<typeof mount>;

/** So long a page may take to come to rest, and a frame to answer that was there before it was wanted. */
const PATIENCE_MS = 5_000;

/** What browsers say of a connection, if they do. */
interface Network {
  connection?: { saveData?: boolean; effectiveType?: string };
}

/** Puts the launcher into the page and, when the page is at rest or on demand, the frame. */
export function mount(
  base: URL,
  inbox: string,
  options: Options,
  emit: (name: string, detail?: unknown) => void,
) {
  const key = `kefu:${inbox}`;
  const page = document.documentElement;
  const narrow = matchMedia('(max-width:599px)');
  const viewport = window.visualViewport;
  const [host, root, panel, button, paint] = createLauncher();
  let kept = readKept(key);
  let open = false;
  let unread = kept.unread ?? 0;
  /** In the page, whether anybody wants to chat or not: nothing of the chat runs in it before it is spoken to. */
  let placed: HTMLIFrameElement | null = null;
  let isLoaded = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** The same, once it is wanted. */
  let frame: HTMLIFrameElement | null = null;
  /** Of the frame, once it listens. */
  let port: MessagePort | null = null;
  let waiting: ToFrame[] = [];
  let leave = () => undefined as void;
  let watched = '';
  let overflow: string | null = null;

  const label = () => {
    const title = paint(
      open,
      unread,
      options.locale ?? kept.locale,
      options.colour ?? kept.colour,
      options.side ?? kept.side,
      options.launcher,
    );
    if (frame) frame.title = title;
  };
  const keep = (patch: Kept) => {
    kept = { ...readKept(key), ...patch };
    writeKept(key, kept);
    label();
  };
  const setUnread = (count: number) => {
    if (count === unread) return;
    unread = count;
    keep({ unread });
    emit('unread', count);
  };
  const tell = (message: ToFrame) => {
    if (port) port.postMessage(message);
    else if (frame) waiting.push(message);
  };
  const state = (): Panel => ({
    on: open,
    modal: narrow.matches,
    page: { url: location.href, title: document.title, referrer: document.referrer },
  });

  const receive = ({ data, target }: MessageEvent<ToHost>) => {
    switch (data.type) {
      case 'ready':
        port = target as MessagePort;
        waiting.forEach(tell);
        waiting = [];
        break;
      case 'keep':
        keep(data.patch);
        break;
      case 'unread':
        setUnread(data.count);
        break;
      case 'event':
        emit(data.name, data.detail);
        break;
      case 'lead':
        leave();
        leave = hold(key, () => undefined, true);
        break;
      case 'wide':
        panel.style.width = data.on ? '640px' : '';
        break;
      case 'close':
        toggle(false);
        break;
      case 'restart':
        restart();
        break;
    }
  };

  /** One socket for the badges of all tabs, unless a chat is loaded in one of them. */
  const watch = () => {
    const { token, conversation_id } = kept;
    if (frame || !token || !conversation_id || watched === conversation_id) return;
    watched = conversation_id;
    leave();
    leave = hold(key, () => watchUnread(base, readKept(key), setUnread));
  };
  const place = () => {
    if (placed || signal.aborted) return;
    placed = document.createElement('iframe');
    placed.allow = 'clipboard-write';
    // The key tells the server whose pages may frame the chat.
    placed.src = `${base}frame.html?inbox=${encodeURIComponent(inbox)}`;
    placed.onload = () => {
      isLoaded = true;
      speak();
      if (open) frame!.focus();
    };
    panel.append(placed);
  };
  const speak = () => {
    if (!frame || !isLoaded) return;
    const { port1, port2 } = new MessageChannel();
    port = null;
    port1.onmessage = receive;
    // Another tab may have begun, or renewed, the visitor's session meanwhile.
    kept = readKept(key);
    const init: Init = { type: 'kefu:init', inbox, kept, options, panel: state() };
    frame.contentWindow?.postMessage(init, base.origin, [port2]);
  };
  const load = () => {
    if (frame) return;
    leave();
    // It may have been placed while the network was away.
    if (placed) timer = setTimeout(() => port || restart(), PATIENCE_MS);
    place();
    frame = placed;
    label();
    speak();
  };
  const unload = () => {
    leave();
    clearTimeout(timer);
    port?.close();
    placed?.remove();
    port = frame = placed = null;
    isLoaded = false;
    watched = '';
  };
  const restart = () => {
    unload();
    load();
  };

  /** Full screen keeps to what the on-screen keyboard leaves, and the page behind stays put. */
  const fit = () => {
    const full = open && narrow.matches;
    panel.style.height = full && viewport ? `${viewport.height}px` : '';
    panel.style.top = full && viewport ? `${viewport.offsetTop}px` : '';
    if (full === (overflow !== null)) return;
    const before = page.style.overflow;
    page.style.overflow = full ? 'hidden' : (overflow ?? '');
    overflow = full ? before : null;
    document.body.inert = full;
  };

  const toggle = (on = !open) => {
    if (on === open) return;
    open = on;
    show();
    label();
    if (open) {
      load();
      // Not before its page is there: Chromium then has host and frame each think that the keys are theirs.
      if (isLoaded) frame!.focus();
    } else {
      button.focus();
    }
    fit();
    tell({ type: 'panel', panel: state() });
    emit(open ? 'open' : 'close');
  };

  const show = () => {
    // Beside the body, so that a router which swaps the body does not take the chat with it.
    if (!host.isConnected) page.append(host);
    watch();
  };
  /** Other tabs: the visitor has read, has begun to talk, or has become somebody else. */
  const synchronise = ({ key: changed }: StorageEvent) => {
    if (changed !== key) return;
    const before = kept.visitor_id;
    kept = readKept(key);
    if (frame) {
      if (before !== kept.visitor_id) restart();
      return;
    }
    setUnread(kept.unread ?? 0);
    watch();
  };

  const stop = new AbortController();
  const { signal } = stop;
  const listen = (target: EventTarget | null, name: string, work: (event: never) => void) =>
    target?.addEventListener(name, work as EventListener, { signal });
  listen(button, 'click', () => toggle());
  // The chat begins while the mouse is still on its way, or the finger still down, which enters as it touches.
  for (const name of ['pointerenter', 'focus']) listen(button, name, load);
  listen(root, 'keydown', ({ key: pressed }: KeyboardEvent) => {
    if (pressed === 'Escape') toggle(false);
  });
  listen(narrow, 'change', fit);
  for (const name of ['resize', 'scroll']) listen(viewport, name, fit);
  listen(window, 'storage', synchronise);
  const observer = new MutationObserver(show);
  const idle = (window.requestIdleCallback ?? setTimeout) as typeof requestIdleCallback;
  const begin = () => {
    if (signal.aborted) return;
    show();
    observer.observe(page, { childList: true });
    const network = (navigator as Network).connection;
    if (/true|[23]g/.test(`${network?.saveData}${network?.effectiveType}`)) return;
    const rest = () => idle(place, { timeout: PATIENCE_MS });
    if (document.readyState === 'complete') rest();
    else listen(window, 'load', rest);
  };
  label();
  idle(begin);

  return {
    toggle,
    update() {
      label();
      tell({ type: 'options', options });
    },
    send(message: ToFrame) {
      load();
      tell(message);
    },
    destroy(forget = false) {
      stop.abort();
      observer.disconnect();
      open = false;
      fit();
      unload();
      host.remove();
      if (forget) writeKept(key, {});
    },
  };
}
