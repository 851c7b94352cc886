import { answer, boot, identify, kefu } from './kefu';

/* `_MEIQIA(…)` for pages that were written for it. */

let inbox: unknown;
let button = true;
let manual = false;
let begun = false;
let unread = 0;
let visibility = 'invisible';

function begin(): void {
  if (begun || inbox === undefined) return;
  begun = true;
  boot(inbox, { launcher: button });
  kefu('on', 'unread', (count: number) => (unread = count));
  kefu('on', 'open', () => (visibility = 'visible'));
  kefu('on', 'close', () => (visibility = 'invisible'));
}

/** Once what stands beside it in the page has had its say. */
const later = (work: () => void) =>
  queueMicrotask(() => {
    if (!manual) begin();
    if (begun) work();
  });

answer('_MEIQIA', {
  entId(id: unknown) {
    inbox = id;
    later(() => undefined);
  },
  manualInit: () => (manual = true),
  init: () => queueMicrotask(begin),
  withoutBtn() {
    button = false;
    if (begun) kefu('launcher', false);
  },
  metadata: ({ tel, ...person }: Record<string, unknown>) =>
    later(() => identify(null, tel ? { ...person, phone: tel } : person)),
  clientId: (id: string) => later(() => kefu('setAttributes', { client_id: id })),
  language: (language: string) => later(() => kefu('setLanguage', language)),
  showPanel: () => later(() => kefu('open')),
  hidePanel: () => later(() => kefu('close')),
  allSet: (done?: (isOnline: boolean) => void) => later(() => kefu('on', 'ready', () => done?.(true))),
  getUnreadMsg: (done: (count: number) => void) =>
    later(() => {
      done(unread);
      kefu('on', 'unread', done);
    }),
  getPanelVisibility(done: (state: string) => void) {
    later(() => {
      done(visibility);
      kefu('on', 'open', () => done('visible'));
      kefu('on', 'close', () => done('invisible'));
    });
  },
});
