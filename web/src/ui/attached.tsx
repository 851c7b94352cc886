import type { ReadonlySignal } from '@preact/signals';
import type { OutboxEntry } from '../protocol/outbox';
import type { CardData, FormData, LocationData, MediaData } from '../protocol/types';
import { CardBody, LocationBody } from './card-body';
import { useTexts } from './context';
import { FormBody } from './form-body';
import { Icon } from './icons';
import { FileRow, Picture, Recording } from './media';
import type { MessageBodyProps } from './message-body';
import { useMoreTexts } from './more-texts';
import './more-icons';
import './attached.css';

/** What a message holds besides text. */
export function Attached({ message, side, related, ...actions }: MessageBodyProps) {
  const { kind, data, seq } = message;
  if (!data) return null;
  const media = { message, data: data as unknown as MediaData, ...actions };
  switch (kind) {
    case 'image':
      return <Picture {...media} />;
    case 'file':
      return <FileRow {...media} />;
    case 'voice':
    case 'video':
      return <Recording kind={kind} {...media} />;
    case 'location':
      return <LocationBody place={data as unknown as LocationData} />;
    case 'card':
      return (
        <CardBody
          card={data as unknown as CardData}
          onReply={side === 'visitor' ? actions.onReply : undefined}
        />
      );
    case 'form': {
      const { onAnswer } = actions;
      return (
        <FormBody
          form={data as FormData}
          related={related?.data as FormData | undefined}
          onAnswer={side === 'visitor' ? (values) => onAnswer?.(seq, values) : undefined}
        />
      );
    }
    default:
      return null;
  }
}

interface UploadStateProps {
  entry: OutboxEntry;
  progress: ReadonlySignal<ReadonlyMap<string, number>> | undefined;
  onDiscard(clientId: string): void;
}

export function UploadState({ entry, progress, onDiscard }: UploadStateProps) {
  const texts = useTexts();
  const { t } = useMoreTexts();
  const share = progress?.value.get(entry.client_id);
  if (entry.file_id !== undefined) return null;
  return (
    <div class="upload">
      {share === undefined ? (
        texts.t('queued')
      ) : (
        <progress value={share} aria-label={t('uploading', { n: Math.round(share * 100) })} />
      )}
      <button type="button" class="link-button" onClick={() => onDiscard(entry.client_id)}>
        {t('cancel')}
      </button>
    </div>
  );
}

const FAILURES = ['too_large', 'forbidden', 'conflict', 'rejected', 'bad_frame'] as const;

interface FailureProps {
  entry: OutboxEntry;
  onResend(clientId: string): void;
  onDiscard(clientId: string): void;
}

export function Failure({ entry, onResend, onDiscard }: FailureProps) {
  const { t } = useMoreTexts();
  const texts = useTexts();
  const failure = FAILURES.find((code) => code === entry.error);
  const isFile = failure === 'too_large' && entry.file;
  return (
    <div class="failure" role="alert">
      <Icon name="alert" size={14} />
      <span>{t(isFile ? 'failed_file_size' : failure ? `failed_${failure}` : 'failed')}</span>
      <button type="button" class="link-button" onClick={() => onResend(entry.client_id)}>
        {texts.t('retry')}
      </button>
      <button type="button" class="link-button" onClick={() => onDiscard(entry.client_id)}>
        {t('discard')}
      </button>
    </div>
  );
}
