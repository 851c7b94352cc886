import type { CardData, VisitorIdentity } from '../protocol/types';
import type { Options } from './bridge';
import type { Kefu } from './globals';
import { type Mounted, mount } from './mount';

/*
 * The part that runs in the host page. It draws the launcher and has one frame from its own origin come while the page
 * rests, in which the chat begins once the visitor wants it. `docs/widget.md` lists the commands.
 */

type Handler = (detail: unknown) => void;

const script = document.currentScript as HTMLScriptElement | null;
if (script?.src && !window.kefu?.loaded) install(new URL('.', script.src), script.dataset);

function install(base: URL, data: DOMStringMap): void {
  const handlers = new Map<string, Set<Handler>>();
  const of = (name: string) => handlers.get(name) ?? handlers.set(name, new Set()).get(name)!;
  const options: Options = {};
  let widget: Mounted | null = null;

  const set = (wanted?: Options) => {
    Object.assign(options, wanted);
    widget?.update();
  };
  const emit = (name: string, detail?: unknown) =>
    // Apart from each other, so that what one throws keeps nothing from the next.
    of(name).forEach((handler) => queueMicrotask(() => handler(detail)));

  const commands: Record<string, (...args: never[]) => void> = {
    boot(wanted?: Options) {
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
      of(name).add(handler);
      if (name === 'ready' && widget) queueMicrotask(handler as () => void);
    },
    off: (name: string, handler: Handler) => of(name).delete(handler),
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
  kefu('boot', data);
  for (const call of queue) kefu(...call);
}
