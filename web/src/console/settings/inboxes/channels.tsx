import { useState } from 'preact/hooks';
import { texts } from '../../../i18n/channels';
import { Dialog } from '../../../ui/dialog';
import { Icon } from '../../../ui/icons';
import { useDesk, useTextsOf } from '../../context';
import { all } from '../../forms/all';
import { CodeBox } from '../../forms/copy';
import { useFailure } from '../../forms/failure';
import { Check, SelectInput, TextArea, TextInput } from '../../forms/inputs';
import { Loaded } from '../../loaded';
import { type List, useAll, useList } from '../lists';
import { Part, RemoveButton } from '../section';
import type { Inbox } from '../shapes';

/** A file that comes with kefu. */
interface ChannelFile {
  id: string;
  name: string;
  about: string;
  enabled: boolean;
  secrets: readonly string[];
  settings: readonly string[];
  yaml: string;
}

interface Channel {
  id: string;
  inbox_id: string | null;
  name: string;
  file: string;
  yaml: string;
  enabled: boolean;
  version: number;
  url: string;
  secrets_given: readonly string[];
  settings: Readonly<Record<string, string>>;
  missing: readonly string[];
  waiting: number;
  failed: number;
  refused: number;
  last_error?: string;
}

const OWN = '';

/** The chat services whose customers come into this inbox. */
export function ChannelsTab({ inbox }: { inbox: Inbox }) {
  const { t } = useTextsOf(texts);
  const channels = useList<Channel>('channels');
  const files = useAll<ChannelFile>('channel-files');
  const [editing, setEditing] = useState<Channel | 'new' | null>(null);
  return (
    <Part title={t('part')} lead={t('lead')}>
      <Loaded of={all<[Channel[], ChannelFile[]]>(channels, files)}>
        {([list, known]) => {
          const own = list.filter(({ inbox_id }) => inbox_id === inbox.id);
          return (
            <>
              {own.length === 0 && <p class="hint">{t('empty')}</p>}
              <ul class="form-cards">
                {own.map((channel) => (
                  <li key={channel.id} class="form-card">
                    <ChannelCard
                      channel={channel}
                      channels={channels}
                      edit={() => setEditing(channel)}
                    />
                  </li>
                ))}
              </ul>
              <button type="button" class="button" onClick={() => setEditing('new')}>
                <Icon name="plus" size={16} />
                {t('connect')}
              </button>
              {editing !== null && (
                <ChannelDialog
                  inbox={inbox}
                  channel={editing === 'new' ? null : editing}
                  files={known}
                  channels={channels}
                  onClose={() => setEditing(null)}
                />
              )}
            </>
          );
        }}
      </Loaded>
    </Part>
  );
}

interface CardProps {
  channel: Channel;
  channels: List<Channel>;
  edit(): void;
}

function ChannelCard({ channel, channels, edit }: CardProps) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const failureText = useFailure();
  const [failure, setFailure] = useState<unknown>(null);
  const { id, name, enabled, version, url, missing, waiting, failed, refused } = channel;
  const turn = () => {
    setFailure(null);
    const body = { version, enabled: !enabled };
    api.patch<Channel>(`channels/${id}`, body).then((item) => channels.put(item), setFailure);
  };
  // Without a public address of its own the server is where the console is.
  const address = url.startsWith('/') ? new URL(url, location.origin).href : url;
  return (
    <>
      <div class="form-card-head is-crowded">
        <h3>{name}</h3>
        <span class="form-chip">{t(enabled ? 'isOn' : 'isOff')}</span>
        <button type="button" class="button is-small" onClick={turn}>
          {t(enabled ? 'turnOff' : 'turnOn')}
        </button>
        <button type="button" class="button is-small" onClick={edit}>
          <Icon name="edit" size={16} />
          {t('change')}
        </button>
        <RemoveButton
          label={t('remove')}
          title={t('removeTitle', { name })}
          text={t('removeText')}
          run={async () => {
            await api.delete(`channels/${id}`);
            channels.drop(id);
          }}
        />
      </div>
      <p class="hint">{t('urlHint')}</p>
      <CodeBox what={t('url')} text={address} />
      {missing.length > 0 && (
        <p class="form-error">
          <Icon name="alert" size={16} />
          {t('missing', { names: missing.join(', ') })}
        </p>
      )}
      <p class="hint">{t('figures', { waiting, failed, refused })}</p>
      {channel.last_error !== undefined && (
        <p class="hint">{t('lastError', { reason: channel.last_error })}</p>
      )}
      {failure !== null && (
        <p class="form-error" role="alert">
          <Icon name="alert" size={16} />
          {failureText(failure)}
        </p>
      )}
    </>
  );
}

interface DialogProps {
  inbox: Inbox;
  channel: Channel | null;
  files: readonly ChannelFile[];
  channels: List<Channel>;
  onClose(): void;
}

/** Connects a service, or gives one other values. Secrets are written and never shown. */
function ChannelDialog({ inbox, channel, files, channels, onClose }: DialogProps) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const failureText = useFailure();
  const first = files[0]?.id ?? OWN;
  const [file, setFile] = useState(channel?.file ?? first);
  const [yaml, setYaml] = useState(channel?.yaml ?? '');
  const [secrets, setSecrets] = useState<Record<string, string>>({});
  const [settings, setSettings] = useState<Record<string, string>>({ ...channel?.settings });
  const [enabled, setEnabled] = useState(channel?.enabled ?? true);
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
      const body = { version, enabled, values, ...(yaml === channel.yaml ? {} : { yaml }) };
      channels.put(await api.patch<Channel>(`channels/${channel.id}`, body));
    } else {
      const source = isOwn ? { yaml } : { file };
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
