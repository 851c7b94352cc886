import { Avatar } from '../ui/avatar';
import { Icon } from '../ui/icons';
import { availability } from './availability';
import { useWidget } from './context';
import { LateMenu } from './on-demand';

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
      <LateMenu name="HeaderMenu" label={t('menu')} icon="dots" />
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
