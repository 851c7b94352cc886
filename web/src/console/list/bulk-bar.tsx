import type { ComponentChildren } from 'preact';
import type { View } from '../../protocol/types';
import { Icon, type IconName } from '../../ui/icons';
import { useConsole, useDesk } from '../context';
import { openFor } from '../shell/overlays';
import { resolveAll, run } from './bulk';

/** What can be done with all that are selected. */
export function BulkBar({ view }: { view: View }) {
  const desk = useDesk();
  const { t, count } = useConsole().i18n;
  const busy = desk.bulkBusy.value;
  const ids = [...desk.selection.value];
  const clear = () => (desk.selection.value = new Set());
  const action = (icon: IconName, text: string, act: () => void): ComponentChildren => (
    <button
      type="button"
      class="icon-button bulk-action"
      disabled={busy}
      aria-label={text}
      title={text}
      onClick={act}
    >
      <Icon name={icon} size={18} />
    </button>
  );
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
      {view !== 'mine' &&
        view !== 'ended' &&
        action('user', t('takeOver'), () => void run(desk, ids, (id) => desk.claim(id)))}
      {view !== 'ended' && action('swap', t('transfer'), () => openFor('bulk-transfer', ids))}
      {action('tag', t('addTag'), () => openFor('bulk-tags', ids))}
      {view !== 'ended' &&
        view !== 'waiting' &&
        action('check', t('resolve'), () => void resolveAll(desk, ids))}
    </div>
  );
}
