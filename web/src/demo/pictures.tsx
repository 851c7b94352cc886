/** Flat pictures of the shop's goods, drawn for this page. */
const PICTURES = {
  mark: (
    <>
      <circle cx="50" cy="50" r="48" fill="#264d3b" />
      <path d="M50 18 30 52h11L26 74h20v12h8V74h20L59 52h11z" fill="#f4efe6" />
    </>
  ),
  cart: (
    <path
      d="M10 18h14l12 46h42l10-34H30M42 84a6 6 0 1 1-12 0 6 6 0 0 1 12 0m38 0a6 6 0 1 1-12 0 6 6 0 0 1 12 0"
      fill="none"
      stroke="currentColor"
      stroke-width="7"
      stroke-linecap="round"
      stroke-linejoin="round"
      transform="translate(2 0)"
    />
  ),
  backpack: (
    <>
      <path d="M38 22c0-16 24-16 24 0" fill="none" stroke="#6b4a2b" stroke-width="5" />
      <rect x="22" y="20" width="56" height="68" rx="18" fill="#4f6b4c" />
      <path d="M22 42c0-14 8-22 18-22h20c10 0 18 8 18 22v4H22z" fill="#5f7f5b" />
      <rect x="31" y="56" width="38" height="24" rx="7" fill="#3f573d" />
      <path d="M38 44v18M62 44v18" stroke="#b98a4f" stroke-width="5" stroke-linecap="round" />
      <rect x="46" y="64" width="8" height="6" rx="2" fill="#b98a4f" />
    </>
  ),
  lamp: (
    <>
      <path d="M28 46h44l14 44H14z" fill="#ffe7b0" opacity="0.55" />
      <path d="M34 16h32l10 30H24z" fill="#d9773f" />
      <path d="M34 16h14L40 46H24z" fill="#e58d58" />
      <circle cx="50" cy="48" r="7" fill="#fff4d6" />
      <path d="M50 54v32" stroke="#3c3a38" stroke-width="4" />
      <rect x="34" y="85" width="32" height="6" rx="3" fill="#3c3a38" />
    </>
  ),
  kettle: (
    <>
      <path
        d="M70 50c14-2 8-24 20-28"
        fill="none"
        stroke="#8e9aa6"
        stroke-width="6"
        stroke-linecap="round"
      />
      <path
        d="M30 40c-18 0-18 30-2 34"
        fill="none"
        stroke="#4a3b30"
        stroke-width="6"
        stroke-linecap="round"
      />
      <path d="M32 36h34l8 44a8 8 0 0 1-8 8H34a8 8 0 0 1-8-8z" fill="#b4bfc9" />
      <path d="M32 36h14l-8 52h-4a8 8 0 0 1-8-8z" fill="#c9d2da" />
      <path d="M34 36c0-10 30-10 30 0z" fill="#8e9aa6" />
      <circle cx="49" cy="26" r="4" fill="#4a3b30" />
    </>
  ),
  mug: (
    <>
      <path d="M66 42h8a12 12 0 0 1 0 26h-8" fill="none" stroke="#3a6b82" stroke-width="7" />
      <path d="M22 32h46v38a16 16 0 0 1-16 16H38a16 16 0 0 1-16-16z" fill="#4e8aa5" />
      <path d="M22 32h46v12c-8 8-14-4-22 3s-16 1-24-2z" fill="#e9e2d4" />
      <path
        d="M38 24c-4-6 4-8 0-14M52 24c-4-6 4-8 0-14"
        fill="none"
        stroke="#a9a39a"
        stroke-width="3"
        stroke-linecap="round"
      />
    </>
  ),
  throw: (
    <>
      <rect x="16" y="26" width="68" height="50" rx="10" fill="#c9a27b" />
      <path d="M16 44h68v10H16zM16 62h68v6H16z" fill="#a87d56" />
      <path d="M34 26h8v50h-8z" fill="#e7cfae" opacity="0.7" />
      <path
        d="M20 76v10M28 76v10M36 76v10M44 76v10M52 76v10M60 76v10M68 76v10M76 76v10"
        stroke="#c9a27b"
        stroke-width="3"
        stroke-linecap="round"
      />
    </>
  ),
  notebook: (
    <>
      <rect x="26" y="14" width="50" height="72" rx="6" fill="#2f3e63" />
      <rect x="26" y="14" width="10" height="72" rx="5" fill="#22304f" />
      <rect x="44" y="28" width="24" height="14" rx="3" fill="#f4efe6" />
      <path d="M68 14v72" stroke="#d9773f" stroke-width="3" />
    </>
  ),
} as const;

export type PictureName = keyof typeof PICTURES;

export function Picture({ name, size }: { name: PictureName; size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 100 100" aria-hidden="true">
      {PICTURES[name]}
    </svg>
  );
}
