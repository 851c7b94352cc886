import { signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { LOCALE_NAMES, LOCALES } from '../../i18n';
import { Icon } from '../../ui/icons';
import { useMoreTexts } from '../../ui/more-texts';
import { Popover } from '../../ui/popover';
import { chime, muted, setMuted } from '../../ui/sound';
import { useWidget } from '../context';
import type { MenuButton } from '../on-demand';
import { end, transcript } from './requests';
import { useExtraTexts } from './texts';

const wide = signal(false);

/** What can be done beside writing. */
export function HeaderMenu(button: MenuButton) {
  const { widget, i18n } = useWidget();
  const { locale } = i18n;
  const { t } = useExtraTexts();
  const more = useMoreTexts();
  return (
    <Popover {...button} align="end">
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
            {!widget.modal.value && (
              <button
                type="button"
                class="menu-item"
                aria-pressed={wide.value}
                onClick={() => {
                  wide.value = !wide.value;
                  widget.post({ type: 'wide', on: wide.value });
                  close();
                }}
              >
                {t('wide')}
                {wide.value && <Icon name="check" size={16} />}
              </button>
            )}
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
            <div role="group" aria-label={more.t('language')}>
              <p class="menu-title">{more.t('language')}</p>
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
            {!widget.isNew.value && !widget.isEnded.value && <EndChat close={close} />}
          </>
        );
      }}
    </Popover>
  );
}

/** Asks once more: an end is soon clicked by mistake. */
function EndChat({ close }: { close(): void }) {
  const { widget } = useWidget();
  const { t } = useExtraTexts();
  const [state, setState] = useState<'idle' | 'asking' | 'ending' | 'failed'>('idle');
  if (state === 'idle') {
    return (
      <button type="button" class="menu-item" onClick={() => setState('asking')}>
        {t('endChat')}
      </button>
    );
  }
  const confirm = () => {
    setState('ending');
    end(widget).then(
      () => {
        widget.view.value = 'chat';
        close();
      },
      () => setState('failed'),
    );
  };
  return (
    <div class="menu-question" role="group" aria-label={t('endChat')}>
      <p role="alert">{t(state === 'failed' ? 'endFailed' : 'endSure')}</p>
      <button type="button" class="button" onClick={close}>
        {t('endNot')}
      </button>
      <button
        type="button"
        class="button is-primary"
        disabled={state === 'ending'}
        ref={(button) => {
          if (state === 'asking') button?.focus();
        }}
        onClick={confirm}
      >
        {t('endChat')}
      </button>
    </div>
  );
}

async function download(widget: ReturnType<typeof useWidget>['widget']): Promise<void> {
  const file = await transcript(widget).catch(() => null);
  if (!file) return;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = 'chat.txt';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
}
