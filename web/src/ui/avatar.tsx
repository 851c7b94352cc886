interface AvatarProps {
  name: string;
  /** Decides the colour, so that a person keeps it when the name changes. */
  seed: string;
  size?: number;
  status?: string;
}

const TONES = 6;

export function Avatar({ name, seed, size = 32, status }: AvatarProps) {
  let hash = 0;
  for (const character of seed) hash = (hash * 31 + character.codePointAt(0)!) >>> 0;
  return (
    <span
      class={`avatar tone-${hash % TONES}`}
      style={{ width: `${size}px`, height: `${size}px`, fontSize: `${Math.round(size * 0.42)}px` }}
      aria-hidden="true"
    >
      {initial(name)}
      {status !== undefined && <span class={`avatar-status is-${status}`} />}
    </span>
  );
}

/** A Chinese given name says more than the surname; elsewhere the first letter does. */
function initial(name: string): string {
  const characters = [...name.trim()];
  const han =
    characters.length > 1 && characters.length <= 4 && /\p{Script=Han}/u.test(characters[0]!);
  return ((han ? characters[characters.length - 1] : characters[0]) ?? '?').toUpperCase();
}
