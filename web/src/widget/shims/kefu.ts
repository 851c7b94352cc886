import type { Options } from '../bridge';
import '../globals';

const here = document.currentScript as HTMLScriptElement;
const wanted = new URL(here.src);

/** A command for the loader, which may not have come yet. */
export function kefu(command: string, ...args: unknown[]): void {
  window.kefu?.(command, ...args);
}

/** Loads the loader that lies beside this file. `?inbox=` in the address of the shim names the inbox. */
export function boot(inbox: unknown, options: Options = {}): void {
  window.kefu ??= Object.assign(
    (...call: [string, ...unknown[]]) => {
      (window.kefu!.q ??= []).push(call);
    },
    { q: [] as [string, ...unknown[]][] },
  );
  kefu('boot', { inbox: wanted.searchParams.get('inbox') ?? String(inbox), ...options });
  const script = document.createElement('script');
  script.async = true;
  script.src = new URL('loader.js', wanted).href;
  document.head.append(script);
}

/** Name and e-mail address are the visitor's own, everything else is an attribute. */
export function identify(id: unknown, given: Record<string, unknown>, hmac?: unknown): void {
  const { name, email, ...attributes } = given;
  kefu('identify', {
    ...(id ? { external_id: String(id) } : {}),
    ...(name ? { name: String(name) } : {}),
    ...(email ? { email: String(email) } : {}),
    ...(hmac ? { hmac: String(hmac) } : {}),
    attributes,
  });
}

/** Takes the calls that came before, then those that come. */
export function answer(name: string, commands: Record<string, (...args: never[]) => unknown>): void {
  const page = window as unknown as Record<string, { a?: ArrayLike<unknown>[] } | undefined>;
  const queue = page[name]?.a ?? [];
  const call = (command: string, ...args: unknown[]) => commands[command]?.(...(args as never[]));
  page[name] = call as { a?: ArrayLike<unknown>[] };
  for (const each of Array.from(queue)) {
    const [command, ...args] = Array.from(each);
    call(String(command), ...args);
  }
}
