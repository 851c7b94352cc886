import { useState } from 'preact/hooks';
import { texts } from '../../../i18n/chat';
import { Dialog } from '../../../ui/dialog';
import { Field } from '../../../ui/field';
import { Icon } from '../../../ui/icons';
import { useTextsOf } from '../../context';
import { Stored } from '../../stored';
import type { PanelProps } from '../panel';
import { BUTTONS_MAX, cardData, type CardDraft, cardProblems, EMPTY_CARD } from './card';
import { Preview } from './preview';
import '../dialogs.css';

const lastCard = new Stored<CardDraft>('kefu-console-card', EMPTY_CARD);

/** Makes a card of a product or an offer. */
export default function CardBuilder({ chat, close }: PanelProps) {
  const { t } = useTextsOf(texts);
  const [draft, setDraft] = useState<CardDraft>(lastCard.peek());
  const [tried, setTried] = useState(false);
  const problems = cardProblems(draft);
  const data = cardData(draft);
  const set = (change: Partial<CardDraft>) => setDraft({ ...draft, ...change });
  const setButton = (at: number, change: Partial<CardDraft['buttons'][number]>) =>
    set({
      buttons: draft.buttons.map((each, index) => (index === at ? { ...each, ...change } : each)),
    });
  const input = (name: 'title' | 'subtitle' | 'price' | 'image_url' | 'url', error?: string) => (
    <Field label={t(`card_${name}`)} error={tried && error ? error : null}>
      {(ties) => (
        <input
          class="input"
          inputMode={name === 'url' || name === 'image_url' ? 'url' : 'text'}
          maxLength={name === 'url' || name === 'image_url' ? 2_000 : 200}
          value={draft[name]}
          onInput={(event) => set({ [name]: event.currentTarget.value })}
          {...ties}
        />
      )}
    </Field>
  );
  const submit = () => {
    setTried(true);
    if (problems.size > 0) return;
    lastCard.set(draft);
    chat.writing.send({ kind: 'card', text: '', data: { ...data } });
    close();
    chat.writing.focus();
  };
  return (
    <Dialog title={t('cardTitle')} size="large" onClose={close}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <div class="builder">
          <div class="builder-fields">
            {input('title', problems.has('title') ? t('required') : undefined)}
            {input('subtitle')}
            {input('price')}
            {input('image_url', problems.has('image_url') ? t('badAddress') : undefined)}
            {input('url', problems.has('url') ? t('badAddress') : undefined)}
            {draft.buttons.map((button, at) => (
              <div key={at} class="builder-line">
                <Field label={t('cardButton', { n: at + 1 })}>
                  {(ties) => (
                    <input
                      class="input"
                      maxLength={60}
                      value={button.label}
                      onInput={(event) => setButton(at, { label: event.currentTarget.value })}
                      {...ties}
                    />
                  )}
                </Field>
                <Field label={t('cardButtonTarget')}>
                  {(ties) => (
                    <input
                      class="input"
                      maxLength={1_000}
                      value={button.target}
                      onInput={(event) => setButton(at, { target: event.currentTarget.value })}
                      {...ties}
                    />
                  )}
                </Field>
                <button
                  type="button"
                  class="icon-button"
                  aria-label={t('removeButton', { n: at + 1 })}
                  title={t('removeButton', { n: at + 1 })}
                  onClick={() => set({ buttons: draft.buttons.filter((_, index) => index !== at) })}
                >
                  <Icon name="close" size={16} />
                </button>
              </div>
            ))}
            {draft.buttons.length < BUTTONS_MAX && (
              <button
                type="button"
                class="button"
                onClick={() => set({ buttons: [...draft.buttons, { label: '', target: '' }] })}
              >
                <Icon name="plus" size={16} />
                {t('addButton')}
              </button>
            )}
          </div>
          <Preview kind="card" data={{ ...data, title: data.title || t('card_title') }} />
        </div>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={() => setDraft(EMPTY_CARD)}>
            {t('clear')}
          </button>
          <button type="submit" class="button is-primary">
            <Icon name="send" size={16} />
            {t('sendIt')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
