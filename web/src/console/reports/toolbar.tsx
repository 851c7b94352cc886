import { useEffect, useState } from 'preact/hooks';
import { Icon } from '../../ui/icons';
import { BYTE_ORDER_MARK, saveText } from '../../ui/save';
import { useConsole, useDesk } from '../context';
import { causeOf } from '../loaded';
import { type Choice, request } from './choice';
import { choose, linkTo } from './choices';
import type { Span } from './range';
import { useReportsTexts } from './texts';

const COPIED_MS = 2_000;
const CSV_TIMEOUT_MS = 60_000;

interface ToolbarProps {
  choice: Choice;
  span: Span;
  disabled: boolean;
}

export function Toolbar({ choice, span, disabled }: ToolbarProps) {
  const { t } = useReportsTexts();
  return (
    <div class="report-tools">
      <label class="check">
        <input
          type="checkbox"
          checked={choice.compare}
          onChange={(event) => choose({ compare: event.currentTarget.checked })}
        />
        {t('compare')}
      </label>
      <CopyLink choice={choice} />
      <CsvButton choice={choice} span={span} disabled={disabled} />
      <button type="button" class="button" disabled={disabled} onClick={() => window.print()}>
        <Icon name="print" size={16} />
        {t('print')}
      </button>
    </div>
  );
}

function CopyLink({ choice }: { choice: Choice }) {
  const { t } = useReportsTexts();
  const [state, setState] = useState<'idle' | 'copied' | 'shown'>('idle');
  useEffect(() => {
    if (state !== 'copied') return;
    const timer = setTimeout(() => setState('idle'), COPIED_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = () => {
    // Without TLS there is no clipboard: show the link to be copied by hand.
    const written = navigator.clipboard?.writeText(linkTo(choice)) ?? Promise.reject(new Error());
    written.then(
      () => setState('copied'),
      () => setState('shown'),
    );
  };
  return (
    <>
      <button type="button" class="button" onClick={copy}>
        <Icon name={state === 'copied' ? 'check' : 'link'} size={16} />
        <span aria-live="polite">{t(state === 'copied' ? 'linkCopied' : 'copyLink')}</span>
      </button>
      {state === 'shown' && (
        <input
          class="input report-link"
          readOnly
          aria-label={t('copyLink')}
          value={linkTo(choice)}
          onFocus={(event) => event.currentTarget.select()}
        />
      )}
    </>
  );
}

type CsvState = { kind: 'idle' | 'loading' } | { kind: 'error'; error: unknown };

function CsvButton({ choice, span, disabled }: ToolbarProps) {
  const { api } = useDesk();
  const { i18n } = useConsole();
  const { t, locale } = useReportsTexts();
  const [state, setState] = useState<CsvState>({ kind: 'idle' });
  const save = async () => {
    setState({ kind: 'loading' });
    const language = locale.value === 'zh-CN' ? 'zh' : 'en';
    const query = { ...request(choice, span), format: 'csv', language };
    try {
      const text = await api.get<string>('reports', query, {
        as: 'csv',
        timeoutMs: CSV_TIMEOUT_MS,
      });
      const name = `kefu-report-${choice.by}-${span.from}-${span.to}.csv`;
      saveText(name, 'text/csv;charset=utf-8', [BYTE_ORDER_MARK, text]);
      setState({ kind: 'idle' });
    } catch (error) {
      setState({ kind: 'error', error });
    }
  };
  return (
    <>
      <button
        type="button"
        class="button"
        disabled={disabled || state.kind === 'loading'}
        title={t('csvHint')}
        onClick={() => void save()}
      >
        {state.kind === 'loading' ? (
          <span class="spinner" aria-hidden="true" />
        ) : (
          <Icon name="download" size={16} />
        )}
        CSV
      </button>
      {state.kind === 'error' && (
        <p class="form-error" role="alert">
          <Icon name="alert" size={16} />
          {causeOf(state.error, i18n)}
        </p>
      )}
    </>
  );
}
