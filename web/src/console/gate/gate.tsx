import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { LOCALE_NAMES, LOCALES } from '../../i18n';
import { Icon } from '../../ui/icons';
import { useConsole } from '../context';

/** The page around sign-in and set-up. */
export function Gate({
  title,
  lead,
  children,
}: {
  title: string;
  lead: string;
  children: ComponentChildren;
}) {
  const { i18n } = useConsole();
  return (
    <main class="gate">
      <div class="gate-card">
        <div class="gate-head">
          <Logo size={44} />
          <h1>{title}</h1>
          <p>{lead}</p>
        </div>
        {children}
      </div>
      <div class="gate-locales" role="group" aria-label={i18n.t('language')}>
        <Icon name="globe" size={16} />
        {LOCALES.map((locale) => (
          <button
            key={locale}
            type="button"
            class="link-button"
            lang={locale}
            aria-pressed={i18n.locale.value === locale}
            onClick={() => (i18n.locale.value = locale)}
          >
            {LOCALE_NAMES[locale]}
          </button>
        ))}
      </div>
    </main>
  );
}

export function Logo({ size }: { size: number }) {
  return (
    <svg class="logo" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="9" fill="#1859c9" />
      <path
        fill="#fff"
        d="M8 10.5A3.5 3.5 0 0 1 11.5 7h9a3.5 3.5 0 0 1 3.5 3.5v6a3.5 3.5 0 0 1-3.5 3.5h-3l-5.5 5v-5h-.5A3.5 3.5 0 0 1 8 16.5z"
      />
      <path stroke="#1859c9" stroke-width="2" stroke-linecap="round" d="M12.5 13.5h7" />
    </svg>
  );
}

interface FieldProps {
  label: string;
  type: 'text' | 'email' | 'password';
  value: string;
  autocomplete: 'name' | 'username' | 'current-password' | 'new-password' | 'one-time-code';
  hint?: string;
  minLength?: number;
  focus?: boolean;
  onInput(value: string): void;
}

export function Field(props: FieldProps) {
  const id = `field-${props.autocomplete}`;
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    if (props.focus) input.current?.focus();
  }, []);
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <input
        id={id}
        ref={input}
        class="input"
        {...({ type: props.type } as { type: 'text' })}
        value={props.value}
        autocomplete={props.autocomplete}
        required
        {...(props.minLength === undefined ? {} : { minLength: props.minLength })}
        {...(props.hint === undefined ? {} : { 'aria-describedby': `${id}-hint` })}
        onInput={(event) => props.onInput(event.currentTarget.value)}
      />
      {props.hint !== undefined && (
        <p class="field-hint" id={`${id}-hint`}>
          {props.hint}
        </p>
      )}
    </div>
  );
}

export function FormError({ text }: { text: string | null }) {
  return (
    <div role="alert">
      {text !== null && (
        <p class="form-error">
          <Icon name="alert" size={16} />
          <span>{text}</span>
        </p>
      )}
    </div>
  );
}
