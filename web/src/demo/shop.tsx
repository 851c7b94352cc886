import { type Signal, useSignal } from '@preact/signals';
import type { I18n } from '../i18n';
import type { demo } from '../i18n/en/demo';
import { Picture, type PictureName } from './pictures';

interface ShopProps {
  i18n: I18n<keyof typeof demo>;
  inbox: 'web' | 'shop-en';
  cart: Signal<number>;
}

const PRODUCTS: readonly {
  picture: PictureName;
  title: 'p1' | 'p2' | 'p3' | 'p4' | 'p5' | 'p6';
  price: number;
  tag?: 'tagNew' | 'tagSale';
}[] = [
  { picture: 'backpack', title: 'p1', price: 489, tag: 'tagNew' },
  { picture: 'lamp', title: 'p2', price: 329 },
  { picture: 'kettle', title: 'p3', price: 269, tag: 'tagSale' },
  { picture: 'mug', title: 'p4', price: 89 },
  { picture: 'throw', title: 'p5', price: 399 },
  { picture: 'notebook', title: 'p6', price: 39, tag: 'tagNew' },
];

export function Shop({ i18n, inbox, cart }: ShopProps) {
  const { t, locale } = i18n;
  const lang = locale.value;
  const other = lang === 'en' ? 'zh-CN' : 'en';
  const link = (to: 'web' | 'shop-en', language: string) => `/demo?inbox=${to}&lang=${language}`;
  return (
    <>
      <header class="top">
        <a class="brand" href={link(inbox, lang)}>
          <Picture name="mark" size={32} />
          {t('brand')}
        </a>
        <nav class="nav">
          {(['navNew', 'navBags', 'navLamps', 'navKitchen'] as const).map((each) => (
            <a key={each} href="#products">
              {t(each)}
            </a>
          ))}
        </nav>
        <a class="language" href={link(inbox, other)} lang={other}>
          {t('switchLanguage')}
        </a>
        <span class="cart" role="status" aria-label={t('cartCount', { n: cart.value })}>
          <Picture name="cart" size={22} />
          <span aria-hidden="true">{t('cart')}</span>
          <b aria-hidden="true">{cart.value}</b>
        </span>
      </header>
      <main>
        <section class="hero">
          <div>
            <p class="kicker">{t('heroKicker')}</p>
            <h1>{t('heroTitle')}</h1>
            <p class="lead">{t('heroText')}</p>
            <div class="hero-actions">
              <button type="button" class="primary" onClick={() => window.kefu?.('open')}>
                {t('ask')}
              </button>
              <a class="secondary" href="/console/" target="_blank" rel="noopener">
                {t('openConsole')}
              </a>
            </div>
            <nav class="inboxes">
              {(['web', 'shop-en'] as const).map((each) => (
                <a
                  key={each}
                  href={link(each, lang)}
                  aria-current={inbox === each ? 'page' : undefined}
                >
                  {t(each === 'web' ? 'inboxWeb' : 'inboxEn')}
                </a>
              ))}
            </nav>
          </div>
          <div class="hero-picture">
            <Picture name="lamp" size={260} />
          </div>
        </section>
        <h2 id="products">{t('productsTitle')}</h2>
        <ul class="products">
          {PRODUCTS.map((product) => (
            <li key={product.title}>
              <div class={`picture is-${product.picture}`}>
                <Picture name={product.picture} size={150} />
                {product.tag && <span class={`tag is-${product.tag}`}>{t(product.tag)}</span>}
              </div>
              <h3>{t(product.title)}</h3>
              <p>{t(`${product.title}d`)}</p>
              <div class="buy">
                <span class="price">¥{product.price}</span>
                <AddButton texts={[t('add'), t('added')]} onAdd={() => (cart.value += 1)} />
              </div>
            </li>
          ))}
        </ul>
      </main>
      <footer class="foot">
        <ul>
          {(['footShip', 'footReturn', 'footChat'] as const).map((each) => (
            <li key={each}>{t(each)}</li>
          ))}
        </ul>
        <p>{t('footNote')}</p>
      </footer>
    </>
  );
}

const ADDED_SHOWN_MS = 1_200;

function AddButton({ texts, onAdd }: { texts: [string, string]; onAdd(): void }) {
  const added = useSignal(false);
  return (
    <button
      type="button"
      class="add"
      onClick={() => {
        onAdd();
        added.value = true;
        setTimeout(() => (added.value = false), ADDED_SHOWN_MS);
      }}
    >
      {texts[added.value ? 1 : 0]}
    </button>
  );
}
