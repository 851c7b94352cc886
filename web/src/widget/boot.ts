/*
 * All that runs in the frame before somebody wants to chat: the frame may have been in the page for long by then, and
 * its page names the chat's script only so that it is loaded and compiled meanwhile.
 */

/** What the host page's loader says first has the chat begin, and is said to it again. */
window.onmessage = (event) => {
  if (event.source !== parent || !event.ports[0]) return;
  window.onmessage = null;
  const script = document.createElement('script');
  script.type = 'module';
  script.src = document.querySelector<HTMLLinkElement>('[rel=modulepreload]')!.href;
  script.onload = () => dispatchEvent(event);
  document.head.append(script);
};
