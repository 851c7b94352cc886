import { useState } from 'preact/hooks';
import { texts } from '../../../i18n/channels';
import { AttachButton } from '../../../ui/attach';
import { Icon } from '../../../ui/icons';
import { useTextsOf } from '../../context';
import { Group } from '../../forms/inputs';

/** Files beside a channel's own that are added or replaced, by name; null takes one away. */
export type Beside = Readonly<Record<string, string | null>>;

/** As the server has it, of all files together. */
const BYTES_MAX = 2 << 20;

/** What lies beside the file once the change is saved. */
export function namesBeside(known: readonly string[], beside: Beside): string[] {
  const kept = known.filter((name) => beside[name] !== null);
  const added = Object.keys(beside).filter((name) => beside[name] !== null);
  return [...new Set([...kept, ...added])].sort();
}

interface BesideFilesProps {
  known: readonly string[];
  beside: Beside;
  onChange(beside: Beside): void;
}

/** Descriptions of a system that speaks SOAP or Thrift. */
export function BesideFiles({ known, beside, onChange }: BesideFilesProps) {
  const { t } = useTextsOf(texts);
  const [trouble, setTrouble] = useState<'large' | 'unread' | null>(null);
  const names = namesBeside(known, beside);
  const add = async (files: readonly File[]) => {
    setTrouble(null);
    if (files.reduce((sum, { size }) => sum + size, 0) > BYTES_MAX) return setTrouble('large');
    try {
      const read = files.map(async (file) => [file.name, await file.text()] as const);
      onChange({ ...beside, ...Object.fromEntries(await Promise.all(read)) });
    } catch {
      setTrouble('unread');
    }
  };
  return (
    <Group
      label={t('beside')}
      hint={t('besideHint')}
      error={trouble && t(trouble === 'large' ? 'besideLarge' : 'besideUnread')}
    >
      {names.length > 0 && (
        <ul class="channel-beside">
          {names.map((name) => (
            <li key={name}>
              <code>{name}</code>
              <button
                type="button"
                class="icon-button is-small"
                aria-label={t('takeAway', { name })}
                onClick={() => {
                  const { [name]: _, ...others } = beside;
                  onChange(known.includes(name) ? { ...others, [name]: null } : others);
                }}
              >
                <Icon name="close" size={16} />
              </button>
            </li>
          ))}
        </ul>
      )}
      <div class="button-row">
        <AttachButton
          class="button is-small"
          label={t('addBeside')}
          accept=".wsdl,.xsd,.xml,.thrift"
          multiple
          onFiles={(files) => void add(files)}
        >
          <Icon name="plus" size={16} />
          {t('addBeside')}
        </AttachButton>
      </div>
    </Group>
  );
}
