import { useState } from 'preact/hooks';
import { texts } from '../../../i18n/staff';
import { Field } from '../../../ui/field';
import { useTextsOf } from '../../context';
import { CopyButton } from '../../forms/copy';

/** Without those that are easily taken for one another. */
const LETTERS = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const MADE_CHARS = 16;

/** A password that nobody thought of: 16 characters, 93 bits. */
export function freshPassword(): string {
  let password = '';
  while (password.length < MADE_CHARS) {
    for (const byte of crypto.getRandomValues(new Uint8Array(MADE_CHARS))) {
      // The last, incomplete round of letters would come more often than others.
      if (byte < 256 - (256 % LETTERS.length)) password += LETTERS[byte % LETTERS.length];
    }
  }
  return password.slice(0, MADE_CHARS);
}

interface PasswordProps {
  label: string;
  hint: string;
  value: string;
  error: string | null;
  onInput(value: string): void;
}

/** A password for somebody else: it is made, seen and handed over, and theirs to change. */
export function PasswordInput({ label, hint, value, error, onInput }: PasswordProps) {
  const { t } = useTextsOf(texts);
  const [shown, setShown] = useState(false);
  return (
    <Field label={label} hint={hint} error={error}>
      {(ties) => (
        <div class="input-row">
          <input
            {...ties}
            class="input is-mono"
            {...({ type: shown ? 'text' : 'password' } as { type: 'text' })}
            value={value}
            autocomplete="new-password"
            onInput={(event) => onInput(event.currentTarget.value)}
          />
          <button
            type="button"
            class="button"
            onClick={() => {
              onInput(freshPassword());
              setShown(true);
            }}
          >
            {t('passwordMake')}
          </button>
          {value !== '' && (
            <>
              <button
                type="button"
                class="button"
                aria-pressed={shown}
                onClick={() => setShown(!shown)}
              >
                {t(shown ? 'passwordHide' : 'passwordShow')}
              </button>
              <CopyButton text={value} what={label} />
            </>
          )}
        </div>
      )}
    </Field>
  );
}
