// Puts the typeface of map sheets (Noto Sans SC, OFL 1.1) beside the page, packed:
// the program embeds it, and nobody downloads it. Its licence stands beside it.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

const from = new URL('../node_modules/@expo-google-fonts/noto-sans-sc/', import.meta.url).pathname;
const to = new URL('../dist/fonts/', import.meta.url).pathname;

mkdirSync(to, { recursive: true });
const font = readFileSync(join(from, '400Regular/NotoSansSC_400Regular.ttf'));
const params = {
  [constants.BROTLI_PARAM_QUALITY]: 9,
  [constants.BROTLI_PARAM_LGWIN]: 24,
  [constants.BROTLI_PARAM_SIZE_HINT]: font.length,
};
writeFileSync(join(to, 'noto-sans-sc.ttf.br'), brotliCompressSync(font, { params }));
copyFileSync(join(from, 'LICENSE_FONT'), join(to, 'noto-sans-sc-licence.txt'));
