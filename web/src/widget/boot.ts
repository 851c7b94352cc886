/*
 * All that runs in the frame before somebody wants to chat: the frame may have been in the page for long by then, and
 * its page names the chat's script only so that it is loaded and compiled meanwhile.
 */

window.addEventListener('message', begin);

/** What the host page's loader says first has the chat begin, and is said to it again. */
function begin({ data, source, ports }: MessageEvent<unknown>): void {
  if (source !== window.parent || ports.length === 0) return;
  window.removeEventListener('message', begin);
  const script = document.createElement('script');
  script.type = 'module';
  script.crossOrigin = '';
  script.src = document.querySelector<HTMLLinkElement>('[rel=modulepreload]')!.href;
  script.onload = () =>
    window.dispatchEvent(new MessageEvent('message', { data, source, ports: [...ports] }));
  document.head.append(script);
}
