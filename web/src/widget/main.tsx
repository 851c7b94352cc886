import { effect } from '@preact/signals';
import { render } from 'preact';
import { browserLocale, nearestLocale } from '../i18n';
import { Api } from '../protocol/api';
import type { WidgetConfig } from '../protocol/types';
import { TextsProvider } from '../ui/context';
import { App } from './app';
import type { Init, ToFrame, ToHost } from './bridge';
import { WidgetProvider, widgetI18n } from './context';
import { askConfig, Widget } from './model';
import { paint } from './paint';

/** What takes longer is shown to be loading. */
const LATE_MS = 100;

const server = new URL('..', location.href);
// The server puts it into the page; else it is asked for before the host page has spoken, which names the inbox in the address.
const told = document.getElementById('config')?.textContent;
const config = told
  ? Promise.resolve(JSON.parse(told) as WidgetConfig)
  : askConfig(new Api(server), new URLSearchParams(location.search).get('inbox') ?? '');
config.catch(() => undefined);
window.addEventListener('message', onInit);

/** The host page's loader speaks first, once; everything later goes through the port that it brings. */
function onInit(event: MessageEvent<Init>): void {
  const port = event.ports[0];
  if (event.source !== window.parent || event.data?.type !== 'kefu:init' || !port) return;
  window.removeEventListener('message', onInit);
  const init = event.data;
  const post = (message: ToHost) => port.postMessage(message);
  let { options } = init;
  const locale = options.locale ?? init.kept.locale;
  const i18n = widgetI18n(locale ? nearestLocale(locale) : browserLocale());
  const widget = new Widget(server, init, post, config);
  const look = () => paint(options.colour ?? widget.config.value?.colour ?? init.kept.colour);
  effect(look);
  effect(() => {
    document.documentElement.lang = i18n.locale.value;
    document.title = i18n.t('title', { name: widget.config.value?.name ?? '' });
  });

  port.onmessage = ({ data }: MessageEvent<ToFrame>) => {
    switch (data.type) {
      case 'panel':
        widget.show(data.panel);
        break;
      case 'options':
        if (data.options.locale && data.options.locale !== options.locale) {
          i18n.locale.value = nearestLocale(data.options.locale);
        }
        options = data.options;
        look();
        widget.update(options);
        break;
      case 'text':
        widget.send(data.text);
        break;
      case 'card':
        widget.sendCard(data.card);
        break;
    }
  };
  // Its requests are on their way while the page is made.
  widget.show(init.panel);
  post({ type: 'ready' });
  const app = document.getElementById('app')!;
  // What browsers read that cannot run this.
  app.replaceChildren();
  const begin = () =>
    render(
      <TextsProvider value={i18n}>
        <WidgetProvider value={{ widget, i18n }}>
          <App />
        </WidgetProvider>
      </TextsProvider>,
      app,
    );
  // Made once, with what the server says of the inbox, unless that is late.
  const late = new Promise((resolve) => setTimeout(resolve, LATE_MS));
  void Promise.race([config, late]).then(begin, begin);
}
