import { useWidget } from '../context';
import { useExtraTexts } from './texts';

/** A person is always one tap away: the bot hands over to whoever says so. */
export function BotBar() {
  const { widget } = useWidget();
  const { t } = useExtraTexts();
  return (
    <div class="bot-bar">
      <span>{t('botTalks', { name: widget.config.value?.bot?.name ?? t('theBot') })}</span>
      <button type="button" class="button" onClick={() => widget.send(t('toPerson'))}>
        {t('toPerson')}
      </button>
    </div>
  );
}
