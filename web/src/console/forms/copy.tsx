import { useEffect, useState } from 'preact/hooks';
import { texts } from '../../i18n/forms';
import { Icon } from '../../ui/icons';
import { useTextsOf } from '../context';

const DONE_MS = 2_000;

interface CopyProps {
  text: string;
  /** What is copied, for those who do not see it. */
  what: string;
}

export function CopyButton({ text, what }: CopyProps) {
  const { t } = useTextsOf(texts);
  const [state, setState] = useState<'idle' | 'done' | 'failed'>('idle');
  useEffect(() => {
    if (state === 'idle') return;
    const timer = setTimeout(() => setState('idle'), DONE_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setState('done'),
      () => setState('failed'),
    );
  return (
    <button
      type="button"
      class="button is-small"
      aria-label={t('copyWhat', { what })}
      onClick={() => void copy()}
    >
      <Icon name={state === 'done' ? 'check' : 'copy'} size={16} />
      <span aria-live="polite">
        {t(state === 'done' ? 'copied' : state === 'failed' ? 'copyFailed' : 'copy')}
      </span>
    </button>
  );
}

/** A piece of code to be taken elsewhere. */
export function CodeBox({ text, what }: CopyProps) {
  return (
    <div class="code-box">
      <pre tabIndex={0} role="region" aria-label={what}>
        <code>{text}</code>
      </pre>
      <CopyButton text={text} what={what} />
    </div>
  );
}
