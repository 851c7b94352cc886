import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from '../../ui/icons';
import { number } from '../../ui/numbers';
import { BYTE_ORDER_MARK, saveText } from '../../ui/save';
import { useConsole, useDesk } from '../context';
import { causeOf } from '../loaded';
import { exportLines, LINES_MAX } from './export';
import { type AuditFilter, request } from './filter';
import { useAuditTexts } from './texts';

type State =
  | { kind: 'idle' }
  | { kind: 'reading'; lines: number }
  | { kind: 'cut' }
  | { kind: 'error'; error: unknown };

/** What the filter lets through, as a file. */
export function Export({ filter, disabled }: { filter: AuditFilter; disabled: boolean }) {
  const { api } = useDesk();
  const { i18n } = useConsole();
  const { t, locale } = useAuditTexts();
  const [state, setState] = useState<State>({ kind: 'idle' });
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);
  const save = async () => {
    const controller = new AbortController();
    abort.current = controller;
    setState({ kind: 'reading', lines: 0 });
    try {
      const { parts, isCut } = await exportLines(
        api,
        request(filter),
        controller.signal,
        (lines) => setState({ kind: 'reading', lines }),
      );
      saveText('kefu-audit.csv', 'text/csv;charset=utf-8', [BYTE_ORDER_MARK, ...parts]);
      setState({ kind: isCut ? 'cut' : 'idle' });
    } catch (error) {
      if (!controller.signal.aborted) setState({ kind: 'error', error });
    }
  };
  const stop = () => {
    abort.current?.abort();
    setState({ kind: 'idle' });
  };
  return (
    <div class="audit-export">
      {state.kind === 'reading' ? (
        <button type="button" class="button" onClick={stop}>
          <span class="spinner" aria-hidden="true" />
          {t('stopExport', { lines: number(state.lines, locale.value) })}
        </button>
      ) : (
        <button type="button" class="button" disabled={disabled} onClick={() => void save()}>
          <Icon name="download" size={16} />
          {t('export')}
        </button>
      )}
      <div role="status">
        {state.kind === 'cut' && (
          <p class="hint">{t('exportCut', { n: number(LINES_MAX, locale.value) })}</p>
        )}
        {state.kind === 'error' && (
          <p class="form-error">
            <Icon name="alert" size={16} />
            {causeOf(state.error, i18n)}
          </p>
        )}
      </div>
    </div>
  );
}
