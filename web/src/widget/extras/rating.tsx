import { useState } from 'preact/hooks';
import { Icon } from '../../ui/icons';
import { useMoreTexts } from '../../ui/more-texts';
import { useWidget } from '../context';
import { rate } from './requests';
import { useExtraTexts } from './texts';

const SCORES = [1, 2, 3, 4, 5] as const;

/** Five stars and a comment, offered when the conversation has ended. */
export function RatingCard() {
  const { widget } = useWidget();
  const more = useMoreTexts();
  const { t } = useExtraTexts();
  const { conversation, history } = widget.line.shared;
  const given = conversation.value?.rating ?? null;
  const isServed =
    conversation.value?.assignee != null ||
    history.value.items.some(({ kind, from }) => kind !== 'event' && from.kind !== 'visitor');
  const [editing, setEditing] = useState(false);
  const [score, setScore] = useState(given?.score ?? 0);
  const [hovered, setHovered] = useState(0);
  const [comment, setComment] = useState(given?.comment ?? '');
  const [state, setState] = useState<'idle' | 'sending' | 'failed'>('idle');

  if (!isServed) {
    return (
      <section class="card rating">
        <p class="card-hint">{t('leftQueue')}</p>
        <StartNew />
      </section>
    );
  }
  if (given && !editing) {
    return (
      <section class="card rating is-done" aria-label={t('ratingTitle')}>
        <p class="card-title" role="status">
          {t('ratingThanks')}
        </p>
        <p class="stars" role="img" aria-label={more.count('star', given.score)}>
          {SCORES.map((each) => (
            <Icon key={each} name="star" size={18} filled={each <= given.score} />
          ))}
        </p>
        <p class="card-hint">
          {t('ratingAgain')}{' '}
          <button type="button" class="link-button" onClick={() => setEditing(true)}>
            {t('ratingChange')}
          </button>
        </p>
        <StartNew />
      </section>
    );
  }

  const submit = async () => {
    setState('sending');
    try {
      await rate(widget, score, comment.trim());
      setState('idle');
      setEditing(false);
    } catch {
      setState('failed');
    }
  };
  const shown = hovered || score;
  return (
    <form
      class="card rating"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <fieldset>
        <legend class="card-title">{t('ratingTitle')}</legend>
        <div class="stars" onMouseLeave={() => setHovered(0)}>
          {SCORES.map((each) => (
            <label
              key={each}
              class={each <= shown ? 'is-lit' : ''}
              onMouseEnter={() => setHovered(each)}
            >
              <input
                type="radio"
                name="score"
                value={each}
                checked={score === each}
                onChange={() => setScore(each)}
                aria-label={`${more.count('star', each)}, ${more.t(`rating${each}`)}`}
              />
              <Icon name="star" size={28} filled={each <= shown} />
            </label>
          ))}
        </div>
        <p class="stars-word" aria-hidden="true">
          {shown > 0 ? more.t(`rating${shown as 1 | 2 | 3 | 4 | 5}`) : '\u00a0'}
        </p>
      </fieldset>
      {score > 0 && (
        <>
          <textarea
            class="input"
            rows={2}
            maxLength={1000}
            value={comment}
            placeholder={t('ratingComment')}
            aria-label={t('ratingComment')}
            onInput={(event) => setComment(event.currentTarget.value)}
          />
          {state === 'failed' && (
            <p class="form-error" role="alert">
              {t('ratingFailed')}
            </p>
          )}
          <button type="submit" class="button is-primary" disabled={state === 'sending'}>
            {t('ratingSend')}
          </button>
        </>
      )}
      <StartNew />
    </form>
  );
}

function StartNew() {
  const { widget } = useWidget();
  const { t } = useExtraTexts();
  const [failed, setFailed] = useState(false);
  if (!widget.isEnded.value) return null;
  return (
    <>
      <button
        type="button"
        class="button"
        onClick={() => void widget.startNew().catch(() => setFailed(true))}
      >
        {t('startNew')}
      </button>
      {failed && (
        <p class="form-error" role="alert">
          {t('preChatFailed')}
        </p>
      )}
    </>
  );
}
