import { LOCALE_NAMES, LOCALES } from '../i18n';
import { Avatar } from '../ui/avatar';
import { Icon } from '../ui/icons';
import { Popover } from '../ui/popover';
import { chime, muted, setMuted } from '../ui/sound';
import { availability } from './availability';
import { useWidget } from './context';

export function Header() {
  const { widget, i18n } = useWidget();
  const { t } = i18n;
  const config = widget.config.value;
  const screen = widget.screen.value;
  const agent = widget.line.shared.conversation.value?.assignee ?? null;
  const named = screen === 'chat' && !widget.isEnded.value ? agent : null;
  const title = named?.name ?? config?.name ?? '';
  const isAbove = screen === 'home' || screen === 'loading' || config === null;
  return (
    <header class="widget-header">
      {!isAbove && (
        <div>
          <button
            type="button"
            class="icon-button"
            aria-label={t('back')}
            title={t('back')}
            onClick={() => (widget.view.value = 'home')}
          >
            <Icon name="back" size={20} />
          </button>
        </div>
      )}
      {title !== '' && <Avatar name={title} seed={named?.id ?? title} size={36} />}
      <div class="widget-heading">
        <h1>{title}</h1>
        {config && (
          <p>
            <span class={`dot ${config.open && config.agents_online ? 'is-online' : 'is-away'}`} />
            {availability(config, i18n)}
          </p>
        )}
      </div>
      <Menu />
      <button
        type="button"
        class="icon-button"
        aria-label={t('close')}
        title={t('close')}
        onClick={() => widget.close()}
      >
        <Icon name="close" size={20} />
      </button>
    </header>
  );
}

function Menu() {
  const { widget, i18n } = useWidget();
  const { t, locale } = i18n;
  return (
    <Popover
      label={t('menu')}
      className="icon-button"
      align="end"
      button={<Icon name="dots" size={20} />}
    >
      {(close) => {
        const entry = (text: string, run: () => void) => (
          <button
            type="button"
            class="menu-item"
            onClick={() => {
              run();
              close();
            }}
          >
            {text}
          </button>
        );
        return (
          <>
            {entry(t('conversations'), () => (widget.view.value = 'list'))}
            {!widget.isNew.value && entry(t('transcript'), () => void download(widget))}
            <button
              type="button"
              class="menu-item"
              aria-pressed={!muted.value}
              onClick={() => {
                setMuted(!muted.value);
                chime();
              }}
            >
              {t('sound')}
              {!muted.value && <Icon name="check" size={16} />}
            </button>
            <div role="group" aria-label={t('language')}>
              <p class="menu-title">{t('language')}</p>
              {LOCALES.map((each) => (
                <button
                  key={each}
                  type="button"
                  class="menu-item"
                  lang={each}
                  aria-pressed={locale.value === each}
                  onClick={() => {
                    locale.value = each;
                    widget.keepLocale(each);
                    close();
                  }}
                >
                  {LOCALE_NAMES[each]}
                  {locale.value === each && <Icon name="check" size={16} />}
                </button>
              ))}
            </div>
          </>
        );
      }}
    </Popover>
  );
}

async function download(widget: ReturnType<typeof useWidget>['widget']): Promise<void> {
  const file = await widget.transcript().catch(() => null);
  if (!file) return;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = 'chat.txt';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
}
