import { useState } from 'preact/hooks';
import { texts } from '../../../i18n/channels';
import { Dialog } from '../../../ui/dialog';
import { Icon } from '../../../ui/icons';
import { useDesk, useTextsOf } from '../../context';
import { useFailure } from '../../forms/failure';
import { Check, SelectInput, TextArea, TextInput } from '../../forms/inputs';
import type { List } from '../lists';
import type { Inbox } from '../shapes';
import { type Beside, BesideFiles } from './channel-beside';
import type { Channel, ChannelFile } from './channel-shapes';

const OWN = '';

interface DialogProps {
  inbox: Inbox;
  channel: Channel | null;
  files: readonly ChannelFile[];
  channels: List<Channel>;
  onClose(): void;
}

/** Connects a service, or gives one other values. Secrets are written and never shown. */
export function ChannelDialog({ inbox, channel, files, channels, onClose }: DialogProps) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const failureText = useFailure();
  const first = files[0]?.id ?? OWN;
  const [file, setFile] = useState(channel?.file ?? first);
  const [yaml, setYaml] = useState(channel?.yaml ?? '');
  const [secrets, setSecrets] = useState<Record<string, string>>({});
  const [settings, setSettings] = useState<Record<string, string>>({ ...channel?.settings });
  const [enabled, setEnabled] = useState(channel?.enabled ?? true);
  const [beside, setBeside] = useState<Beside>({});
  const [state, setState] = useState<{ busy: boolean; failure: unknown }>({
    busy: false,
    failure: null,
  });
  const shipped = files.find(({ id }) => id === file);
  const isOwn = shipped === undefined || (channel !== null && channel.yaml !== shipped.yaml);
  const names = namesOf(channel, shipped);

  const save = async () => {
    const values = { secrets: filled(secrets), settings: filled(settings) };
    if (channel) {
      const { version } = channel;
      const own = yaml === channel.yaml ? {} : { yaml };
      const body = { version, enabled, values, files: beside, ...own };
      channels.put(await api.patch<Channel>(`channels/${channel.id}`, body));
    } else {
      const source = isOwn ? { yaml, files: beside } : { file };
      const body = { inbox_id: inbox.id, enabled, values, ...source };
      channels.put(await api.post<Channel>('channels', body));
    }
  };
  const submit = () => {
    setState({ busy: true, failure: null });
    save().then(onClose, (failure: unknown) => setState({ busy: false, failure }));
  };

  return (
    <Dialog title={channel?.name ?? t('connect')} size="large" onClose={onClose}>
      <div class="dialog-stack">
        {!channel && (
          <SelectInput
            label={t('service')}
            hint={shipped?.about}
            value={file}
            options={[
              ...files.map(({ id, name }) => [id, name] as const),
              [OWN, t('ownFile')] as const,
            ]}
            onChange={(id) => {
              setFile(id);
              setSecrets({});
              setSettings({});
              setEnabled(files.find((each) => each.id === id)?.enabled ?? true);
            }}
          />
        )}
        {isOwn && (
          <TextArea
            label={t('yaml')}
            hint={t('yamlHint')}
            rows={12}
            mono
            value={yaml}
            onInput={setYaml}
          />
        )}
        {isOwn && <BesideFiles known={channel?.files ?? []} beside={beside} onChange={setBeside} />}
        {names.settings.map((name) => (
          <TextInput
            key={name}
            label={name}
            mono
            value={settings[name] ?? ''}
            onInput={(value) => setSettings((all) => ({ ...all, [name]: value }))}
          />
        ))}
        {names.secrets.map((name) => (
          <TextInput
            key={name}
            label={name}
            type="password"
            autocomplete="new-password"
            hint={channel?.secrets_given.includes(name) ? t('given') : undefined}
            value={secrets[name] ?? ''}
            onInput={(value) => setSecrets((all) => ({ ...all, [name]: value }))}
          />
        ))}
        <Check label={t('on')} checked={enabled} onChange={setEnabled} />
        {state.failure !== null && (
          <p class="form-error" role="alert">
            <Icon name="alert" size={16} />
            <span class="is-lines">{failureText(state.failure)}</span>
          </p>
        )}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            {t('cancel')}
          </button>
          <button type="button" class="button is-primary" disabled={state.busy} onClick={submit}>
            {t('save')}
          </button>
        </div>
      </div>
    </Dialog>
  );
}

/** What is asked for: what the file has, or, of a file of one's own, what is known of it once it was read. */
function namesOf(channel: Channel | null, shipped: ChannelFile | undefined) {
  if (shipped) return { secrets: shipped.secrets, settings: shipped.settings };
  const of = (kind: string) =>
    (channel?.missing ?? [])
      .filter((name) => name.startsWith(`${kind}.`))
      .map((name) => name.slice(kind.length + 1));
  return {
    secrets: [...(channel?.secrets_given ?? []), ...of('secret')],
    settings: [...Object.keys(channel?.settings ?? {}), ...of('setting')],
  };
}

/** What is left empty stays as it is. */
function filled(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value.trim() !== ''));
}
