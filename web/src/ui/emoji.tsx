import { useRef } from 'preact/hooks';
import { useMoreTexts } from './more-texts';
import './emoji.css';

/** A group a line, each emoji one code point; the texts name them in the same order. */
const GROUPS = {
  emojiFaces: '😀😃😄😁😆😅😂🤣🙂🙃😉😊😇🥰😍🤩😘😋😛😜🤪🤗🤭🤫🤔😐😑😶😏😒🙄😬😌😔😪😴😷🤒🤕🤢🤧🥵🥶😵🤯😎🤓😕😟🙁😮😲😳🥺😨😰😥😢😭😱😞😓😩😫😤😡😠',
  emojiHands: '👍👎👌🤏🤞🤟🤙👈👉👆👇👋🤚🖖👏🙌👐🤲🤝🙏💪👀🙇🤷🤦🙋',
  emojiHearts: '💖💗💓💕💔💛💚💙💜🖤💯💢💥💫💦💤🎉🎊🎁🎂🎈🌟🔥✨',
  emojiThings: '📦🚚🛒💰💳🧾📱💻📷📞📧📝📎📌🔑🔒🔔🕐📅🔍💡🔧🚗🏠',
  emojiFood: '🍎🍉🍓🍜🍚🍞🍕🍔🍰🍺☕🍵🌹🌸🍀🐶🐱🐼🐷🐵',
} as const;

const COLUMNS = 8;
const STEPS: Record<string, number> = {
  ArrowLeft: -1,
  ArrowRight: 1,
  ArrowUp: -COLUMNS,
  ArrowDown: COLUMNS,
};

interface EmojiPickerProps {
  onPick(emoji: string): void;
}

/** A grid of common emoji in groups; arrow keys move, Enter picks. */
export function EmojiPicker({ onPick }: EmojiPickerProps) {
  const { t } = useMoreTexts();
  const root = useRef<HTMLDivElement>(null);
  return (
    <div
      ref={root}
      class="emoji"
      onKeyDown={(event) => {
        const by = STEPS[event.key];
        if (by === undefined) return;
        event.preventDefault();
        event.stopPropagation();
        const all = [...(root.current?.querySelectorAll('button') ?? [])];
        const at = all.indexOf(event.target as HTMLButtonElement);
        all[Math.min(Math.max(at + by, 0), all.length - 1)]?.focus();
      }}
    >
      {Object.entries(GROUPS).map(([name, text], group) => (
        <div key={name} role="group" aria-label={t(name as keyof typeof GROUPS)}>
          <p class="menu-title">{t(name as keyof typeof GROUPS)}</p>
          <div class="emoji-grid">
            {[...text].map((each, index) => (
              <button
                key={each}
                type="button"
                tabIndex={group === 0 && index === 0 ? 0 : -1}
                onClick={() => onPick(each)}
              >
                {each}
              </button>
            ))}
          </div>
        </div>
      ))}
    </div>
  );
}
