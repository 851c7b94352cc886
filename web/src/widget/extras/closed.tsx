import { Icon } from '../../ui/icons';
import { useWidget } from '../context';
import { useExtraTexts } from './texts';

/** Why there is no chat here. */
export function Closed() {
  const { widget } = useWidget();
  const { t } = useExtraTexts();
  if (widget.screen.value === 'replaced') {
    return (
      <div class="pane-state">
        <p>{t('replaced')}</p>
        <button type="button" class="button" onClick={() => widget.wake()}>
          {t('useHere')}
        </button>
      </div>
    );
  }
  return (
    <div class="pane-state">
      <Icon name="lock" size={28} />
      <p>{t(widget.screen.value === 'identity' ? 'identityRequired' : 'refused')}</p>
    </div>
  );
}
