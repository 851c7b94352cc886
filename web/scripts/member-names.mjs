/*
 * The names that the widget's build may shorten: members of its own classes. A name that means something to anybody
 * else keeps its length: one of the wire, of what is stored or posted between windows, of a text, of the libraries.
 * Those of the DOM are spared by terser itself.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { filesUnder, WEB } from './files.mjs';

const FOLDERS = ['widget', 'ui', 'protocol', 'i18n'];
/** Everything that is written in these is spoken with somebody: of the texts, those of the widget. */
const SHAPES =
  /^(i18n\/(index|nearest|(en\/|zh-CN\/)?(shared|widget[a-z-]*|lightbox|more))\.ts|protocol\/types\.ts|widget\/(bridge|globals)\.ts|widget\/shims\/)/;
/** Shapes of what is posted to other tabs, or stored. */
const SHAPE = /^(?:export )?(?:interface [^{]*\{[^]*?^\}|type [^;]*;)/gm;
const TOLD = /^(widget\/line|protocol\/(outbox|history|connection))\.ts/;
const LIBRARIES = ['preact', 'preact/hooks', '@preact/signals-core'];
const MEMBER = /^  (?:(?:private|readonly|async|get|override|protected) )*(\w+)[!?]?(?=[:(<]| = )/gm;
/** A chunk that is loaded later has its exports as members. */
const EXPORTED = /export (?:async )?(?:function|const|class) \w+|export \{ [^}]*\}/g;
const QUOTED = /['"`](\w+)['"`]/g;

/** Every such name with its short one, the same for all chunks of a build. */
export async function memberNames() {
  const declared = new Set();
  const spoken = new Set(['constructor', 'render', 'state', 'props', 'context']);
  const speak = (text, pattern = /(\w+)/g) => {
    for (const [, word] of text.matchAll(pattern)) spoken.add(word);
  };
  for (const folder of FOLDERS) {
    for (const file of await filesUnder(join(WEB, 'src', folder))) {
      if (!/\.tsx?$/.test(file) || /(^|\/)tests\//.test(file)) continue;
      const path = `${folder}/${file}`;
      const text = await readFile(join(WEB, 'src', path), 'utf8');
      speak(text, QUOTED);
      for (const [all] of text.matchAll(EXPORTED)) speak(all);
      if (SHAPES.test(path)) speak(text);
      if (TOLD.test(path)) for (const [shape] of text.matchAll(SHAPE)) speak(shape);
      for (const [, body] of text.matchAll(/^(?:export )?class [^]*?\{\n([^]*?)^\}/gm)) {
        for (const [, name] of body.matchAll(MEMBER)) declared.add(name);
      }
    }
  }
  for (const name of LIBRARIES) {
    const path = new URL(import.meta.resolve(name));
    speak(await readFile(path, 'utf8'));
  }
  const free = [...declared].filter((name) => !spoken.has(name)).sort();
  return Object.fromEntries(free.map((name, index) => [name, `$${index.toString(36)}`]));
}
