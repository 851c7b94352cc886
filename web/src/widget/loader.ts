import type { CardData, VisitorIdentity } from '../protocol/types';
import type { Options } from './bridge';
import type { Kefu } from './globals';
import { type Mounted, mount } from './mount';

/*
 * The part that runs in the host page. It draws the launcher and, once the visitor wants to chat,
 * one frame from its own origin; nothing else is loaded before that. `docs/widget.md` lists the commands.
 */

type Handler = (detail: unknown) => void;

const script = document.currentScript as HTMLScriptElement | null;
if (script?.src && !window.kefu?.loaded) install(new URL('.', script.src), script.dataset);

function install(base: URL, data: DOMStringMap): void {
  const handlers = new Map<string, Set<Handler>>();
  const options: Options = {};
  let widget: Mounted | null = null;

  const set = (wanted: Options) => {
    Object.assign(options, wanted);
    widget?.update();
  };
  const emit = (name: string, detail?: unknown) =>
    // Apart from each other, so that what one throws keeps nothing from the next.
    handlers.get(name)?.forEach((handler) => queueMicrotask(() => handler(detail)));

  const commands: Record<string, (...args: never[]) => void> = {
    boot(wanted: Options = {}) {
      set(wanted);
      if (widget || !options.inbox) return;
      widget = mount(base, options.inbox, options, emit);
      emit('ready');
    },
    open: () => widget?.toggle(true),
    close: () => widget?.toggle(false),
    toggle: () => widget?.toggle(),
    identify: (visitor: VisitorIdentity) => set({ visitor: { ...options.visitor, ...visitor } }),
    setAttributes(attributes: Record<string, unknown>) {
      const { visitor } = options;
      set({ visitor: { ...visitor, attributes: { ...visitor?.attributes, ...attributes } } });
    },
    setLanguage: (locale: string) => set({ locale }),
    setColour: (colour: string) => set({ colour }),
    launcher: (launcher: boolean) => set({ launcher }),
    sendMessage: (text: string) => widget?.send({ type: 'text', text }),
    sendCard: (card: CardData) => widget?.send({ type: 'card', card }),
    on(name: string, handler: Handler) {
      if (!handlers.has(name)) handlers.set(name, new Set());
      handlers.get(name)?.add(handler);
      if (name === 'ready' && widget) queueMicrotask(() => handler(undefined));
    },
    off: (name: string, handler: Handler) => handlers.get(name)?.delete(handler),
    /** The visitor signs out: nothing of the conversation stays on this device. */
    shutdown() {
      widget?.destroy(true);
      widget = null;
      delete options.visitor;
    },
    destroy() {
      widget?.destroy();
      widget = null;
      handlers.clear();
      delete window.kefu;
    },
  };

  const queue = window.kefu?.q ?? [];
  const kefu: Kefu = (command, ...args) => commands[command]?.(...(args as never[]));
  kefu.loaded = true;
  window.kefu = kefu;
  const { launcher, ...look } = data;
  kefu('boot', launcher ? { ...look, launcher: launcher !== 'none' } : look);
  for (const call of Array.from(queue)) {
    const [command, ...args] = Array.from(call);
    kefu(String(command), ...args);
  }
}
