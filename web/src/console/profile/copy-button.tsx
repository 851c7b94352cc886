import { useState } from 'preact/hooks';
import { texts } from '../../i18n/profile';
import { Icon } from '../../ui/icons';
import { useTextsOf } from '../context';

export function CopyButton({ text }: { text: string }) {
  const { t } = useTextsOf(texts);
  const [copied, setCopied] = useState(false);
  const copy = () =>
    navigator.clipboard?.writeText(text).then(
      () => setCopied(true),
      () => undefined,
    );
  return (
    <button type="button" class="button" onClick={() => void copy()}>
      <Icon name={copied ? 'check' : 'copy'} size={16} />
      <span role="status">{t(copied ? 'copied' : 'copy')}</span>
    </button>
  );
}
