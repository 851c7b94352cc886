import type { Signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import type { View } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { useConsole, useDesk } from '../context';

interface BulkBarProps {
  view: View;
  selection: Signal<ReadonlySet<string>>;
}

/** What can be done with all that are selected. */
export function BulkBar({ view, selection }: BulkBarProps) {
  const desk = useDesk();
  const { t, count } = useConsole().i18n;
  const [busy, setBusy] = useState(false);
  const ids = [...selection.value];
  const clear = () => (selection.value = new Set());
  const run = async (action: 'resolve' | 'take') => {
    setBusy(true);
    await desk.bulk(ids, action);
    setBusy(false);
    clear();
  };
  return (
    <div class="list-header bulk-bar" role="toolbar" aria-label={t('bulkActions')}>
      <h1 class="visually-hidden">{t('inbox')}</h1>
      <button type="button" class="icon-button" aria-label={t('bulkClear')} onClick={clear}>
        <Icon name="close" size={18} />
      </button>
      <span class="bulk-count" role="status">
        {busy && <span class="spinner" aria-hidden="true" />}
        {count('selected', ids.length)}
      </span>
      {view !== 'mine' && view !== 'ended' && (
        <button type="button" class="button" disabled={busy} onClick={() => void run('take')}>
          <Icon name="user" size={16} />
          {t('takeOver')}
        </button>
      )}
      {view !== 'ended' && view !== 'waiting' && (
        <button type="button" class="button" disabled={busy} onClick={() => void run('resolve')}>
          <Icon name="check" size={16} />
          {t('resolve')}
        </button>
      )}
    </div>
  );
}
