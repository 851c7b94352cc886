import type { FormData, Message } from '../protocol/types';
import { RichText } from './rich-text';
import type { Side } from './timeline';

export type Answers = NonNullable<FormData['values']>;

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

export function MessageBody({ message }: MessageBodyProps) {
  return <RichText text={message.text} plain={message.from.kind === 'visitor'} />;
}
