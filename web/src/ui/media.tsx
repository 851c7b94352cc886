import { useState } from 'preact/hooks';
import type { MediaData, Message } from '../protocol/types';
import { useTexts } from './context';
import { Icon, type IconName } from './icons';
import type { BodyActions } from './message-body';
import { useMoreTexts } from './more-texts';
import { duration, fileSize } from './time';

const BOX = { width: 320, height: 240 };

interface MediaProps extends BodyActions {
  message: Message;
  data: MediaData;
}

interface FileAddress {
  url: string;
  /** Rises with every attempt, so that the same address is asked anew. */
  attempt: number;
  failed: boolean;
  /** The address did not answer. */
  broken(): void;
  /** Resolves to an address that holds, or null. */
  renew(): Promise<string | null>;
}

/** The address of a file; one that no longer holds is renewed once by itself, then on demand. */
function useFile({ file_id, url }: MediaData, freshUrl: BodyActions['freshUrl']): FileAddress {
  const [renewed, setRenewed] = useState({ of: url, url: url as string | null, attempt: 0 });
  const current = renewed.of === url ? renewed : { of: url, url, attempt: 0 };
  const set = (next: string | null) =>
    setRenewed({ of: url, url: next, attempt: current.attempt + 1 });
  const renew = async () => {
    const next = (await freshUrl?.(file_id).catch(() => null)) || null;
    set(next);
    return next;
  };
  return {
    url: current.url ?? url,
    attempt: current.attempt,
    failed: current.url === null,
    broken: () => (current.attempt === 0 ? void renew() : set(null)),
    renew,
  };
}

/** What has no number yet is still on its way. */
const isPending = (message: Message) => message.seq === 0;

export function Picture({ message, data, onOpenImage, freshUrl }: MediaProps) {
  const { t } = useMoreTexts();
  const pending = isPending(message);
  const file = useFile(data, pending ? undefined : freshUrl);
  if (file.failed && pending) return <FileRow message={message} data={data} />;
  if (file.failed) return <Broken text={t('imageFailed')} onRetry={() => void file.renew()} />;
  return (
    <a
      class="picture"
      style={pending ? {} : boxOf(data)}
      {...(!pending && { href: file.url })}
      title={data.name}
      target="_blank"
      rel="noopener noreferrer"
      onClick={(event) => {
        if (!onOpenImage || pending || event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        onOpenImage(message);
      }}
    >
      <img
        key={file.attempt}
        src={file.url}
        alt={data.name}
        loading="lazy"
        decoding="async"
        onError={file.broken}
      />
    </a>
  );
}

/** The place of a picture is there before the picture is. */
function boxOf({ width, height }: MediaData) {
  const w = width || BOX.width;
  const h = height || BOX.height;
  const scale = Math.min(1, BOX.width / w, BOX.height / h);
  return { width: `${Math.max(48, Math.round(w * scale))}px`, aspectRatio: `${w} / ${h}` };
}

export function FileRow({ message, data, freshUrl }: MediaProps) {
  const texts = useMoreTexts();
  const file = useFile(data, freshUrl);
  const pending = isPending(message);
  return (
    <>
      <a
        class="file-row"
        {...(!pending && { href: file.url })}
        download={data.name}
        onClick={async (event) => {
          if (pending || !isExpired(file.url)) return;
          event.preventDefault();
          const url = await file.renew();
          if (url !== null) save(url, data.name);
        }}
      >
        <Icon name={iconOf(data.media_type)} size={24} />
        <span class="file-about">
          <bdi>{data.name}</bdi>
          <span class="file-size">{fileSize(data.size, texts)}</span>
        </span>
        {!pending && <Icon name="down" size={16} label={texts.t('download')} />}
      </a>
      {file.failed && (
        <Broken text={texts.t('fileFailed')} onRetry={() => void file.renew()} />
      )}
    </>
  );
}

export function Recording(props: MediaProps & { kind: 'voice' | 'video' }) {
  const { t } = useMoreTexts();
  const file = useFile(props.data, props.freshUrl);
  const { duration_ms } = props.data;
  if (isPending(props.message)) return <FileRow {...props} />;
  if (file.failed) {
    return (
      <>
        <FileRow {...props} />
        <Broken text={t('playFailed')} onRetry={() => void file.renew()} />
      </>
    );
  }
  const Player = props.kind === 'voice' ? 'audio' : 'video';
  return (
    <div class={`recording is-${props.kind}`}>
      <Player
        key={file.attempt}
        src={file.url}
        controls
        preload={duration_ms ? 'none' : 'metadata'}
        aria-label={props.data.name}
        onError={file.broken}
      />
      {duration_ms ? <span class="file-size">{duration(duration_ms)}</span> : null}
    </div>
  );
}

function Broken({ text, onRetry }: { text: string; onRetry(): void }) {
  const { t } = useTexts();
  return (
    <p class="broken" role="alert">
      <Icon name="alert" size={16} /> {text}{' '}
      <button type="button" class="link-button" onClick={onRetry}>
        {t('retry')}
      </button>
    </p>
  );
}

function iconOf(mediaType: string): IconName {
  const [kind] = mediaType.split('/');
  return kind === 'image' ? 'image' : kind === 'audio' ? 'mic' : kind === 'video' ? 'film' : 'file';
}

function isExpired(url: string): boolean {
  const expires = Number(/[?&]expires=(\d+)/.exec(url)?.[1] ?? Infinity);
  return expires * 1000 <= Date.now();
}

function save(url: string, name: string): void {
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
}
