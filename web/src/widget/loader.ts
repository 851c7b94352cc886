import { nearestLocale } from '../i18n/nearest';
import type { VisitorIdentity } from '../protocol/types';
import { css, inkOn, parseColour } from '../ui/colour';
import type { Init, Kept, ToFrame, ToHost } from './bridge';
import type { Kefu } from './globals';
import { LAUNCHER_STYLE } from './launcher-style';
import { watchUnread } from './unread';

/*
 * The part that runs in the host page. It draws the launcher and, once the visitor wants to chat,
 * one frame from its own origin; nothing else is loaded before that.
 *
 *   kefu('boot', { inbox, locale, color, visitor })   kefu('identify', visitor)
 *   kefu('open') kefu('close') kefu('toggle') kefu('destroy')
 *   kefu('on', 'ready' | 'open' | 'close' | 'unread' | 'message' | 'state' | 'rated', handler)
 */

interface BootOptions {
  inbox?: string;
  locale?: string;
  color?: string;
  visitor?: VisitorIdentity;
}

const TEXTS = {
  en: { open: 'Open chat', close: 'Close chat', chat: 'Chat', unread: 'unread' },
  'zh-CN': { open: '打开在线客服', close: '关闭在线客服', chat: '在线客服', unread: '条未读' },
};

const ICONS = {
  chat: 'M4 6.5A2.5 2.5 0 0 1 6.5 4h11A2.5 2.5 0 0 1 20 6.5v7a2.5 2.5 0 0 1-2.5 2.5H12l-4.5 4v-4h-1A2.5 2.5 0 0 1 4 13.5zM8.5 10h.01M12 10h.01M15.5 10h.01',
  x: 'M6 9.5l6 6 6-6',
};

const script = document.currentScript as HTMLScriptElement | null;
if (script?.src && !window.kefu?.loaded) install(new URL('.', script.src), script.dataset);

function install(base: URL, data: DOMStringMap): void {
  const handlers = new Map<string, Set<(detail: unknown) => void>>();
  let widget: ReturnType<typeof mount> | null = null;
  let identity: VisitorIdentity | null = null;

  const emit = (name: string, detail?: unknown) =>
    handlers.get(name)?.forEach((handler) => handler(detail));
  const commands: Record<string, (...args: never[]) => void> = {
    boot(options: BootOptions = {}) {
      const inbox = options.inbox ?? data['inbox'];
      if (widget || !inbox) return;
      identity = options.visitor ?? identity;
      widget = mount(
        base,
        inbox,
        options.locale ?? data['locale'] ?? null,
        options.color ?? data['color'] ?? null,
        () => identity,
        emit,
      );
    },
    identify(visitor: VisitorIdentity) {
      identity = visitor;
      widget?.identify(visitor);
    },
    open: () => widget?.toggle(true),
    close: () => widget?.toggle(false),
    toggle: () => widget?.toggle(),
    destroy() {
      widget?.destroy();
      widget = null;
      identity = null;
      handlers.clear();
    },
    on(name: string, handler: (detail: unknown) => void) {
      if (!handlers.has(name)) handlers.set(name, new Set());
      handlers.get(name)?.add(handler);
    },
  };
  const queue = window.kefu?.q ?? [];
  const kefu: Kefu = (command, ...args) => commands[command]?.(...(args as never[]));
  kefu.loaded = true;
  window.kefu = kefu;
  if (data['inbox']) kefu('boot');
  for (const call of Array.from(queue)) {
    const [command, ...args] = Array.from(call);
    kefu(String(command), ...args);
  }
}

function mount(
  base: URL,
  inbox: string,
  wantedLocale: string | null,
  colour: string | null,
  identity: () => VisitorIdentity | null,
  emit: (name: string, detail?: unknown) => void,
) {
  const key = `kefu:${inbox}`;
  let kept = readKept(key);
  let open = false;
  let unread = 0;
  let frame: HTMLIFrameElement | null = null;
  let port: MessagePort | null = null;
  let destroyed = false;
  let stopWatching = () => undefined as void;

  const host = document.createElement('div');
  const root = host.attachShadow({ mode: 'closed' });
  const narrow = matchMedia('(max-width: 599px)');
  style(root);
  const panel = document.createElement('div');
  panel.className = 'panel';
  panel.dataset['closed'] = '';
  const launcher = document.createElement('button');
  launcher.type = 'button';
  launcher.className = 'launcher';
  for (const [name, path] of Object.entries(ICONS)) launcher.append(icon(name, path));
  const badge = document.createElement('span');
  badge.className = 'badge';
  badge.setAttribute('aria-hidden', 'true');
  launcher.append(badge);
  root.append(panel, launcher);
  const brand = parseColour(colour);
  if (brand) {
    host.style.setProperty('--brand', css(brand));
    host.style.setProperty('--ink', css(inkOn(brand)));
  }

  const label = () => {
    const texts = TEXTS[nearestLocale(wantedLocale, kept.locale, ...navigator.languages)];
    const count = unread > 0 ? `, ${unread} ${texts.unread}` : '';
    launcher.setAttribute('aria-label', open ? texts.close : texts.open + count);
    launcher.setAttribute('aria-expanded', String(open));
    badge.hidden = unread === 0;
    badge.textContent = unread > 99 ? '99+' : String(unread);
    if (frame) frame.title = texts.chat;
  };
  const setUnread = (count: number) => {
    if (count !== unread) emit('unread', count);
    unread = count;
    label();
  };
  const tell = (message: ToFrame) => port?.postMessage(message);

  const receive = ({ data }: MessageEvent<ToHost>) => {
    switch (data.type) {
      case 'ready':
        tell({ type: 'visible', on: open, modal: narrow.matches });
        emit('ready');
        break;
      case 'keep':
        kept = { ...kept, ...readKept(key), ...data.patch };
        writeKept(key, kept);
        label();
        break;
      case 'unread':
        setUnread(data.count);
        break;
      case 'message':
        emit('message', { text: data.text, from: data.from });
        break;
      case 'state':
        emit('state', data.state);
        break;
      case 'rated':
        emit('rated', data.score);
        break;
      case 'close':
        toggle(false);
        break;
      case 'restart':
        unload();
        if (open) load();
        break;
    }
  };

  const load = () => {
    if (frame) return;
    stopWatching();
    // Another tab may have begun, or renewed, the visitor's session meanwhile.
    kept = { ...kept, ...readKept(key) };
    const created = document.createElement('iframe');
    frame = created;
    created.allow = 'clipboard-write';
    // The key tells the server whose pages may frame the chat.
    created.src = new URL(`frame.html?inbox=${encodeURIComponent(inbox)}`, base).href;
    created.onload = () => {
      const channel = new MessageChannel();
      port?.close();
      port = channel.port1;
      port.onmessage = receive;
      const init: Init = {
        type: 'kefu:init',
        inbox,
        kept,
        locale: wantedLocale ?? kept.locale ?? null,
        colour,
        identity: identity(),
      };
      created.contentWindow?.postMessage(init, base.origin, [channel.port2]);
    };
    panel.append(created);
    label();
  };
  const unload = () => {
    port?.close();
    port = null;
    frame?.remove();
    frame = null;
  };

  /** Full screen keeps to what the on-screen keyboard leaves, and the page behind stays put. */
  const fit = () => {
    const full = open && narrow.matches;
    const viewport = window.visualViewport;
    panel.style.height = full && viewport ? `${viewport.height}px` : '';
    panel.style.top = full && viewport ? `${viewport.offsetTop}px` : '';
    lock(full);
  };
  const page = document.documentElement;
  let overflow: string | null = null;
  const lock = (on: boolean) => {
    if (on && overflow === null) {
      overflow = page.style.overflow;
      page.style.overflow = 'hidden';
    } else if (!on && overflow !== null) {
      page.style.overflow = overflow;
      overflow = null;
    }
  };

  const toggle = (on = !open) => {
    if (on === open || destroyed) return;
    open = on;
    if (open) {
      load();
      show();
      delete panel.dataset['closed'];
      frame?.focus();
    } else {
      panel.dataset['closed'] = '';
      launcher.focus();
    }
    label();
    fit();
    tell({ type: 'visible', on: open, modal: narrow.matches });
    emit(open ? 'open' : 'close');
  };

  /** Fetches the chat while the pointer is still on its way. */
  const prefetch = () => {
    launcher.onpointerenter = launcher.onfocus = null;
    if (frame) return;
    for (const name of __FRAME_FILES__) {
      const link = document.createElement('link');
      link.rel = 'prefetch';
      link.href = new URL(name, base).href;
      root.append(link);
    }
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Escape') toggle(false);
  };
  const show = () => {
    if (host.isConnected || destroyed) return;
    // Beside the body, so that a router which swaps the body does not take the chat with it.
    page.append(host);
    if (!frame) stopWatching = watchUnread(new URL('..', base), kept, setUnread);
  };

  launcher.onclick = () => toggle();
  launcher.onpointerenter = launcher.onfocus = prefetch;
  root.addEventListener('keydown', onKey as EventListener);
  const watched: [EventTarget | null, string][] = [
    [narrow, 'change'],
    [window.visualViewport, 'resize'],
    [window.visualViewport, 'scroll'],
  ];
  for (const [target, name] of watched) target?.addEventListener(name, fit);
  label();
  if ('requestIdleCallback' in window) requestIdleCallback(show, { timeout: 2000 });
  else setTimeout(show, 200);

  return {
    toggle,
    identify: (visitor: VisitorIdentity) => tell({ type: 'identify', identity: visitor }),
    destroy() {
      destroyed = true;
      stopWatching();
      unload();
      lock(false);
      host.remove();
      for (const [target, name] of watched) target?.removeEventListener(name, fit);
    },
  };
}

/** Built node by node: a page that enforces Trusted Types lets no markup in. */
function icon(name: string, path: string): SVGElement {
  const namespace = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(namespace, 'svg');
  svg.setAttribute('class', name);
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.appendChild(document.createElementNS(namespace, 'path')).setAttribute('d', path);
  return svg;
}

function style(root: ShadowRoot): void {
  if ('adoptedStyleSheets' in root && 'replaceSync' in CSSStyleSheet.prototype) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(LAUNCHER_STYLE);
    root.adoptedStyleSheets = [sheet];
  } else {
    const element = document.createElement('style');
    element.textContent = LAUNCHER_STYLE;
    (root as ShadowRoot).append(element);
  }
}

function readKept(key: string): Kept {
  try {
    return JSON.parse(localStorage.getItem(key) ?? '{}') as Kept;
  } catch {
    return {};
  }
}

function writeKept(key: string, kept: Kept): void {
  try {
    localStorage.setItem(key, JSON.stringify(kept));
  } catch {
    // A page without storage forgets its visitor with the page.
  }
}
