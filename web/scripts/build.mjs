/* Builds `dist/`: frame, console and demo as pages, and the scripts for other sites' pages. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build as vite } from 'vite';
import { DIST, filesUnder, WEB } from './files.mjs';
import { sourceHash } from './hash.mjs';
import { memberNames } from './member-names.mjs';

/** Old enough for the web views that visitors come with. */
const TARGET = 'es2020';
/** What Lightning CSS would make of `light-dark()`, which is not used; by its number among that program's `Features`. */
const LIGHT_DARK = 1048576;
/** Whose widgets' commands are taken, see `docs/widget.md`. */
const SHIMS = ['chatwoot', 'meiqia', 'ysf'];

export async function build(out = DIST) {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  await page('widget', 'frame.html', out, './');
  await page('console', 'index.html', out, './');
  // Served at /demo, without a slash at the end: its files cannot be named relative to it.
  await page('demo', 'index.html', out, '/demo/');
  await script('loader.ts', 'loader.js', out);
  for (const name of SHIMS) await script(`shims/${name}.ts`, `shim-${name}.js`, out);
  await compress(out);
  await writeFile(join(out, 'source-hash.txt'), `${await sourceHash()}\n`);
}

function common(name, out) {
  return {
    configFile: false,
    envDir: false,
    logLevel: 'warn',
    publicDir: false,
    root: join(WEB, 'src', name),
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      target: TARGET,
      outDir: join(out, name),
      emptyOutDir: false,
      reportCompressedSize: false,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
    },
  };
}

async function page(name, html, out, base) {
  const options = common(name, out);
  options.base = base;
  options.build.rolldownOptions = { input: join(options.root, html) };
  if (name === 'widget') {
    const boot = await script('boot.ts', 'assets/boot-[hash].js', out);
    options.plugins = [await onlyNamedIcons(['widget', 'ui']), ownStyleLoading(options.root), chatAhead(boot)];
    Object.assign(options.build, await smallest());
    options.css = { postcss: { plugins: [systemTheme] }, lightningcss: { exclude: LIGHT_DARK } };
    options.resolve = { alias: { '@preact/signals': join(options.root, 'signals.ts') } };
  }
  await vite(options);
}

/** The widget is light or dark as the system is, for which it needs no script: that would come before its first picture. */
const DARK = ':root[data-theme="dark"]';
const systemTheme = {
  postcssPlugin: 'system-theme',
  Rule(rule, { AtRule }) {
    if (!rule.selector.startsWith(DARK)) return;
    const media = new AtRule({ name: 'media', params: '(prefers-color-scheme: dark)' });
    media.append(rule.clone({ selector: rule.selector.replace(DARK, ':root') }));
    rule.replaceWith(media);
  },
};

/** Slower than the usual minifier, and smaller. */
const COMPRESS = { passes: 3, unsafe_arrows: true };

async function smallest() {
  const names = Object.entries(await memberNames());
  return {
    minify: 'terser',
    terserOptions: {
      module: true,
      ecma: 2020,
      // Sentences with semicolons are packed better than such with commas.
      compress: { ...COMPRESS, sequences: false, unsafe_methods: true },
      mangle: { properties: { regex: new RegExp(`^(${names.map(([name]) => name).join('|')})$`) } },
      // Chunks are made one by one, and have to agree on the names.
      nameCache: { props: { props: Object.fromEntries(names.map(([name, short]) => [`$${name}`, short])) } },
    },
  };
}

/** Puts the widget's own loading of styles in the place of Vite's. */
function ownStyleLoading(root) {
  return {
    name: 'own-style-loading',
    enforce: 'post',
    transform(_, id) {
      if (!id.endsWith('vite/preload-helper.js')) return null;
      return `export { __vitePreload } from ${JSON.stringify(join(root, 'load-styles.ts'))};`;
    },
  };
}

/** Has the chat's page bring the chat's script, which runs only once `boot.ts` finds that somebody wants to chat. */
function chatAhead(boot) {
  const runs = /<script type="module" crossorigin src="([^"]+)"><\/script>/;
  return {
    name: 'chat-ahead',
    // All of it is compiled as it comes: https://v8.dev/blog/explicit-compile-hints
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        for (const file of Object.values(bundle)) {
          if (file.isEntry) file.code = `//# allFunctionsCalledOnLoad\n${file.code}`;
        }
      },
    },
    transformIndexHtml: {
      order: 'post',
      handler: (html) =>
        html.replace(runs, `<script async src="./${boot}"></script>\n    <link rel="modulepreload" crossorigin href="$1">`),
    },
  };
}

/** Leaves out the icons that no file of these folders names: most are the console's alone. */
async function onlyNamedIcons(folders) {
  const names = new Set();
  for (const folder of folders) {
    for (const path of await filesUnder(join(WEB, 'src', folder))) {
      const text = await readFile(join(WEB, 'src', folder, path), 'utf8');
      for (const [, name] of text.matchAll(/["'](\w+)["']/g)) names.add(name);
    }
  }
  return {
    name: 'only-named-icons',
    enforce: 'pre',
    transform(code, id) {
      if (!id.endsWith('/ui/more-icons.ts')) return null;
      return code.replace(/^  (\w+):\s+'[^']*',\n/gm, (entry, name) =>
        names.has(name) ? entry : '',
      );
    },
  };
}

/** One file that stands alone; resolves to its name. */
async function script(source, name, out) {
  const options = common('widget', out);
  Object.assign(options.build, { minify: 'terser', terserOptions: { ecma: 2020, compress: { ...COMPRESS, unsafe: true } } });
  options.build.rolldownOptions = {
    input: join(options.root, source),
    output: { format: 'iife', entryFileNames: name },
  };
  const { output } = await vite(options);
  return output[0].fileName;
}

/** Every file, however small: the daemon carries the compressed forms alone. */
async function compress(out) {
  for (const path of await filesUnder(out)) {
    const file = join(out, path);
    const bytes = await readFile(file);
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    };
    await writeFile(`${file}.gz`, gzipSync(bytes, { level: 9 }));
    await writeFile(`${file}.br`, brotliCompressSync(bytes, { params }));
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await build();
