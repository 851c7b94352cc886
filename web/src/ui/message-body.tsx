import type { CardData, FormData, LocationData, MediaData, Message } from '../protocol/types';
import { CardBody, LocationBody } from './card-body';
import { useTexts } from './context';
import { type Answers, FormBody } from './form-body';
import { FileRow, Picture, Recording } from './media';
import { RichText } from './rich-text';
import type { Side } from './timeline';

export type { Answers };

/** What can be done with what a message holds; everything is optional, and then not offered. */
export interface BodyActions {
  /** A button of a card says this. */
  onReply?(text: string): void;
  /** The questions of message `seq` were answered. */
  onAnswer?(seq: number, values: Answers): void;
  /** Shows a picture large; without it the picture opens in a page of its own. */
  onOpenImage?(message: Message): void;
  /** A fresh address of a file whose own has expired. */
  freshUrl?(fileId: string): Promise<string>;
}

interface MessageBodyProps extends BodyActions {
  message: Message;
  side: Side;
  /** The message that answers these questions, or the questions that this one answers. */
  related?: Message | undefined;
}

/** What stands for a message whose sender gave it no text. */
const FALLBACK = /^\[(image|file|voice message|video|location|card|form)\]$/;

/** What a message says besides its `data`. */
export function captionOf({ kind, text }: Pick<Message, 'kind' | 'text'>): string {
  return kind !== 'text' && kind !== 'note' && FALLBACK.test(text) ? '' : text;
}

/** What a message says, whatever its kind. Texts of people are text nodes, never markup. */
export function MessageBody(props: MessageBodyProps) {
  const { t } = useTexts();
  const { message } = props;
  const { revision, from } = message;
  if (revision === 'recalled' || revision === 'erased') {
    return <em class="withdrawn">{t(revision)}</em>;
  }
  const caption = captionOf(message);
  return (
    <>
      <Attached {...props} />
      {caption !== '' && <RichText text={caption} plain={from.kind === 'visitor'} />}
      {revision === 'edited' && <span class="edited">{t('edited')}</span>}
    </>
  );
}

function Attached({ message, side, related, ...actions }: MessageBodyProps) {
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
