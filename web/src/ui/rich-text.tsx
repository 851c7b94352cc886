import { autolink } from './autolink';

/** Text nodes and links, never markup. */
export function RichText({ text }: { text: string; plain: boolean }) {
  return (
    <div class="message-text" dir="auto">
      {autolink(text).map((piece, index) =>
        piece.href === undefined ? (
          piece.text
        ) : (
          <a key={index} href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
            {piece.text}
          </a>
        ),
      )}
    </div>
  );
}
