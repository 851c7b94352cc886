/*
 * The Latin initial of a Chinese character in pinyin. The first level of GB 2312 holds the 3,755 most
 * common characters in the order of their pinyin, and every browser has its table: of each initial only
 * the first code is needed.
 */
const FIRST_CODES: readonly (readonly [initial: string, code: number])[] = [
  ['a', 0xb0a1],
  ['b', 0xb0c5],
  ['c', 0xb2c1],
  ['d', 0xb4ee],
  ['e', 0xb6ea],
  ['f', 0xb7a2],
  ['g', 0xb8c1],
  ['h', 0xb9fe],
  ['j', 0xbbf7],
  ['k', 0xbfa6],
  ['l', 0xc0ac],
  ['m', 0xc2e8],
  ['n', 0xc4c3],
  ['o', 0xc5b6],
  ['p', 0xc5be],
  ['q', 0xc6da],
  ['r', 0xc8bb],
  ['s', 0xc8f6],
  ['t', 0xcbfa],
  ['w', 0xcdda],
  ['x', 0xcef4],
  ['y', 0xd1b9],
  ['z', 0xd4d1],
];
const LAST_CODE = 0xd7f9;
/** A row of the table: its second bytes. */
const ROW_BEGIN = 0xa1;
const ROW_END = 0xfe;

/** Initials beside the one that decides a character's place, of readings that replies have. */
const OTHER_READINGS =
  '重c长z行h调t乐y传z单s便p降x会k种c系j弹t率s提d咖g曾c朝z藏z粘n参s盛c省x卡q解x校j折s查z石d' +
  '秘b番p否p给j宿x术z车j合g';

/** Characters of the second level, which is sorted by shape, and of neither. */
const MORE = '馈k琪q楠n瑶y瑜y婷t娜n萱x颖y晖h璐l钰y鑫x淼m喆z囧j嗨h噢o哒d哇w咦y嗯e呗b啦l嘛m喽l';

let table: Map<string, string> | null = null;

function build(): Map<string, string> {
  const found = new Map<string, string>();
  const decoder = new TextDecoder('gb18030');
  let at = 0;
  for (let code = FIRST_CODES[0]![1]; code <= LAST_CODE; code++) {
    const second = code & 0xff;
    if (second < ROW_BEGIN || second > ROW_END) continue;
    while (code >= (FIRST_CODES[at + 1]?.[1] ?? Infinity)) at++;
    found.set(decoder.decode(new Uint8Array([code >> 8, second])), FIRST_CODES[at]![0]);
  }
  for (const list of [OTHER_READINGS, MORE]) {
    for (let index = 0; index < list.length; index += 2) {
      const character = list[index]!;
      const initial = list[index + 1]!;
      const known = found.get(character) ?? '';
      if (!known.includes(initial)) found.set(character, known + initial);
    }
  }
  return found;
}

/** All initials that a character may have, or "" when none is known. */
export function initialsOf(character: string): string {
  table ??= build();
  return table.get(character) ?? '';
}
