import { effect } from '@preact/signals';
import { render } from 'preact';
import { browserLocale, nearestLocale } from '../i18n';
import { css, inkOn, parseColour, readable } from '../ui/colour';
import { TextsProvider } from '../ui/context';
import { followSystemTheme } from '../ui/theme';
import { App } from './app';
import type { Init, ToFrame, ToHost } from './bridge';
import { WidgetProvider, widgetI18n } from './context';
import { Widget } from './model';

followSystemTheme();
window.addEventListener('message', onInit);

/** The host page's loader speaks first, once; everything later goes through the port that it brings. */
function onInit(event: MessageEvent<Init>): void {
  const port = event.ports[0];
  if (event.source !== window.parent || event.data?.type !== 'kefu:init' || !port) return;
  window.removeEventListener('message', onInit);
  const init = event.data;
  const post = (message: ToHost) => port.postMessage(message);
  const i18n = widgetI18n(init.locale ? nearestLocale(init.locale) : browserLocale());
  effect(() => {
    document.documentElement.lang = i18n.locale.value;
  });
  paint(init.colour);

  const widget = new Widget(new URL('..', location.href), init, post);
  port.onmessage = ({ data }: MessageEvent<ToFrame>) => {
    if (data.type === 'visible') widget.show(data.on, data.modal);
    else void widget.identify(data.identity);
  };
  render(
    <TextsProvider value={i18n}>
      <WidgetProvider value={{ widget, i18n }}>
        <App />
      </WidgetProvider>
    </TextsProvider>,
    document.getElementById('app')!,
  );
  post({ type: 'ready' });
}

/** The site's own colour, and shades of it that can be read on light and dark. */
function paint(colour: string | null): void {
  const brand = parseColour(colour);
  if (!brand) return;
  const set = (name: string, value: string) =>
    document.documentElement.style.setProperty(name, value);
  set('--brand', css(brand));
  set('--on-brand', css(inkOn(brand)));
  set('--brand-text-light', css(readable(brand, { r: 255, g: 255, b: 255 })));
  set('--brand-text-dark', css(readable(brand, { r: 20, g: 23, b: 28 })));
}
