import { effect, signal } from '@preact/signals';
import { render } from 'preact';
import { browserLocale, createI18n, nearestLocale } from '../i18n';
import { texts } from '../i18n/demo';
import '../widget/globals';
import { Shop } from './shop';

const query = new URLSearchParams(location.search);
const wanted = query.get('lang');
const i18n = createI18n(texts, wanted ? nearestLocale(wanted) : browserLocale());
const inbox = query.get('inbox') === 'shop-en' ? 'shop-en' : 'web';
const cart = signal(0);

effect(() => {
  document.documentElement.lang = i18n.locale.value;
  document.title = i18n.t('title');
});
embed();
// A shop that knows its customers would sign who they are; this one only tells about the cart.
effect(() => {
  window.kefu?.('identify', {
    attributes: { page: i18n.t('title'), cart_items: cart.value, language: i18n.locale.value },
  });
});
render(<Shop i18n={i18n} inbox={inbox} cart={cart} />, document.getElementById('app')!);

/** What `<script async src="…/widget/loader.js" data-inbox="…"></script>` does on a real site. */
function embed(): void {
  window.kefu ??= Object.assign(
    (...call: [string, ...unknown[]]) => {
      (window.kefu!.q ??= []).push(call);
    },
    { q: [] as [string, ...unknown[]][] },
  );
  const script = document.createElement('script');
  script.async = true;
  script.src = '/widget/loader.js';
  script.dataset['inbox'] = inbox;
  if (wanted) script.dataset['locale'] = i18n.locale.value;
  document.head.append(script);
}
