import { boot, identify, kefu } from './kefu';

/* `window.chatwootSDK` and `window.$chatwoot` for pages that were written for them. */

interface Settings {
  position?: 'left' | 'right';
  locale?: string;
  useBrowserLanguage?: boolean;
  hideMessageBubble?: boolean;
}

type Page = Window & { chatwootSettings?: Settings; chatwootSDK?: object; $chatwoot?: object };

const page: Page = window;
const tell = (name: string, detail?: unknown) =>
  page.dispatchEvent(new CustomEvent(`chatwoot:${name}`, { detail }));
const missing = (name: string) => () =>
  console.warn(`kefu has no ${name} for visitors; agents tag conversations in the console`);

page.chatwootSDK = {
  run({ websiteToken }: { websiteToken: string }) {
    if (page.$chatwoot) return;
    const { position, locale, useBrowserLanguage, hideMessageBubble } = page.chatwootSettings ?? {};
    const sdk = {
      hasLoaded: true,
      isOpen: false,
      toggle: (state?: 'open' | 'close') => kefu(state ?? 'toggle'),
      toggleBubbleVisibility: (state: 'show' | 'hide') => kefu('launcher', state === 'show'),
      setUser(id: string, { identifier_hash, custom_attributes, ...user }: Record<string, unknown>) {
        identify(id, { ...user, ...(custom_attributes as object) }, identifier_hash);
      },
      setCustomAttributes: (attributes: object) => kefu('setAttributes', attributes),
      setConversationCustomAttributes: (attributes: object) => kefu('setAttributes', attributes),
      deleteCustomAttribute: (name: string) => kefu('setAttributes', { [name]: null }),
      setLabel: missing('setLabel'),
      removeLabel: missing('removeLabel'),
      setLocale: (language: string) => kefu('setLanguage', language),
      reset() {
        kefu('shutdown');
        kefu('boot');
      },
    };
    boot(websiteToken, {
      ...(position && { side: position }),
      ...(locale && !useBrowserLanguage && { locale }),
      ...(hideMessageBubble && { launcher: false }),
    });
    kefu('on', 'message', (detail: unknown) => tell('on-message', detail));
    kefu('on', 'error', (detail: unknown) => tell('error', detail));
    for (const [name, isOpen] of [['open', true], ['close', false]] as const) {
      kefu('on', name, () => {
        sdk.isOpen = isOpen;
        tell(isOpen ? 'opened' : 'closed');
      });
    }
    let told = false;
    kefu('on', 'ready', () => {
      page.$chatwoot = sdk;
      if (!told) tell('ready');
      told = true;
    });
  },
};
