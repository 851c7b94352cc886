import { useState } from 'preact/hooks';
import { texts } from '../../../i18n/channels';
import { Icon } from '../../../ui/icons';
import { useDesk, useTextsOf } from '../../context';
import { all } from '../../forms/all';
import { CodeBox } from '../../forms/copy';
import { useFailure } from '../../forms/failure';
import { Loaded } from '../../loaded';
import { type List, useAll, useList } from '../lists';
import { Part, RemoveButton } from '../section';
import type { Inbox } from '../shapes';
import { ChannelDialog } from './channel-dialog';
import { RefusedDialog } from './channel-refused';
import type { Channel, ChannelFile } from './channel-shapes';
import { ChannelTest } from './channel-test';
import './channels.css';

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
  const [reading, setReading] = useState(false);
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
      <CodeBox what={`${name} · ${t('url')}`} text={address} />
      {missing.length > 0 && (
        <p class="form-error">
          <Icon name="alert" size={16} />
          {t('missing', { names: missing.join(', ') })}
        </p>
      )}
      <p class="hint">{t('figures', { waiting, failed, refused })}</p>
      {refused > 0 && (
        <div class="button-row">
          <button type="button" class="button is-small" onClick={() => setReading(true)}>
            <Icon name="info" size={16} />
            {t('showRefused', { n: refused })}
          </button>
        </div>
      )}
      {channel.last_error !== undefined && (
        <p class="hint">{t('lastError', { reason: channel.last_error })}</p>
      )}
      {failure !== null && (
        <p class="form-error" role="alert">
          <Icon name="alert" size={16} />
          {failureText(failure)}
        </p>
      )}
      {missing.length === 0 && <ChannelTest channel={channel} />}
      {reading && (
        <RefusedDialog
          channel={channel}
          onClose={() => {
            setReading(false);
            api.get<Channel>(`channels/${id}`).then((item) => channels.put(item), setFailure);
          }}
        />
      )}
    </>
  );
}
