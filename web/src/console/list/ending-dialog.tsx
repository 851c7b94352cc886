import { useEffect, useState } from 'preact/hooks';
import { texts } from '../../i18n/bulk';
import { Dialog } from '../../ui/dialog';
import { Field } from '../../ui/field';
import { useTextsOf } from '../context';
import { subjects } from '../shell/overlays';
import { asked, type Ending, grouped, missing, shortName } from './ending';
import './dialogs.css';

const NOTE_MAX = 2_000;

/** What is said of conversations before they end: what it was about, whether it is solved, and a note for colleagues. */
export default function EndingDialog({ onClose }: { onClose(): void }) {
  const { t, count } = useTextsOf(texts);
  // Answered, it is gone before the dialog is.
  const [question] = useState(() => asked.peek());
  const [ending, setEnding] = useState<Ending>({ summary: {}, note: '' });
  const [wrong, setWrong] = useState<ReturnType<typeof missing>>(null);
  // However it is closed, whoever asked is told.
  useEffect(() => () => question?.answer(null), [question]);
  if (!question) return null;
  const { wrapUp } = question;
  const { summary, note } = ending;
  const say = (change: Ending['summary']) => {
    setEnding({ note, summary: { ...summary, ...change } });
    setWrong(null);
  };
  const end = (said: Ending | undefined) => {
    question.answer(said);
    onClose();
  };
  const submit = () => {
    const lack = missing(wrapUp, ending);
    const isSilent = Object.keys(summary).length === 0 && note.trim() === '';
    if (lack) setWrong(lack);
    else end(isSilent ? undefined : { summary, note: note.trim() });
  };
  return (
    <Dialog title={count('endTitle', subjects.peek().length)} onClose={onClose}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        {wrapUp.categories.length > 0 && (
          <Field label={t('endCategory')} error={wrong === 'category' ? t('endNoCategory') : null}>
            {(ties) => (
              <select
                class="input"
                required={wrapUp.required}
                value={summary.category ?? ''}
                onChange={({ currentTarget: { value } }) => {
                  const { category: _, ...rest } = summary;
                  setEnding({ note, summary: value ? { ...rest, category: value } : rest });
                  setWrong(null);
                }}
                {...ties}
              >
                <option value="">{t('endChoose')}</option>
                {[...grouped(wrapUp.categories)].map(([group, categories]) => {
                  const options = categories.map((each) => (
                    <option key={each} value={each}>
                      {shortName(each, group)}
                    </option>
                  ));
                  return group === '' ? (
                    options
                  ) : (
                    <optgroup key={group} label={group}>
                      {options}
                    </optgroup>
                  );
                })}
              </select>
            )}
          </Field>
        )}
        <fieldset class="ending-solved" aria-describedby={wrong === 'solved' ? 'ending-unsaid' : undefined}>
          <legend class="field-label">{t('endSolved')}</legend>
          {([true, false] as const).map((solved) => (
            <label key={String(solved)}>
              <input
                type="radio"
                name="ending-solved"
                checked={summary.solved === solved}
                onChange={() => say({ solved })}
              />
              {t(solved ? 'endYes' : 'endNo')}
            </label>
          ))}
          {wrong === 'solved' && (
            <p class="form-error" id="ending-unsaid" role="alert">
              {t('endUnsaid')}
            </p>
          )}
        </fieldset>
        <Field label={t('endNote')} hint={t('endNoteHint')}>
          {(ties) => (
            <textarea
              class="input"
              rows={3}
              maxLength={NOTE_MAX}
              value={note}
              onInput={({ currentTarget: { value } }) => setEnding({ summary, note: value })}
              onKeyDown={(event) => {
                if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
                event.preventDefault();
                submit();
              }}
              {...ties}
            />
          )}
        </Field>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            {t('cancel')}
          </button>
          {!wrapUp.required && (
            <button type="button" class="button" onClick={() => end(undefined)}>
              {t('endWithout')}
            </button>
          )}
          <button type="submit" class="button is-primary">
            {t('endNow')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
