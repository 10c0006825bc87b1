/** Colours and lengths are written once, in renderer/app/tokens.css; everything else uses their names. */
import { describe, expect, test } from 'vitest';
import { projectFiles, readProjectFile } from './project.ts';

const tokens = 'renderer/app/tokens.css';
const names =
  'aqua|black|blue|brown|coral|crimson|cyan|fuchsia|gold|gray|green|grey|indigo|lime|magenta|maroon|navy|olive|orange|orchid|pink|plum|purple|red|salmon|silver|tan|teal|tomato|turquoise|violet|white|yellow';
const rawColour = /#[0-9a-fA-F]{3,8}\b|\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color|color-mix)\(/;
/** A name as a value of a declaration, or of an attribute that paints. */
const namedInStyles = new RegExp(`:[^;{]*(?<![-\\w])(?:${names})(?![-\\w])`);
const namedInPages = new RegExp(
  `\\b(?:color|background|backgroundColor|borderColor|fill|stroke|stopColor)\\s*[=:]\\s*\\{?["'\`](?:${names})["'\`]`,
);
const rawLength = /(?<![\w-])-?\d*\.?\d+px\b/;

/** Lines of `text` that hold a raw value, without comments. */
function rawValues(text: string, isStyle: boolean): string[] {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .split('\n')
    .map((line, index) => ({ line: isStyle ? line : line.replace(/(^|\s)\/\/.*$/, ''), number: index + 1 }))
    .filter(({ line }) => rawColour.test(line) || rawLength.test(line) || (isStyle ? namedInStyles : namedInPages).test(line))
    .map(({ line, number }) => `${number}: ${line.trim()}`);
}

describe('design tokens', () => {
  const files = projectFiles().filter((file) => /^renderer\/.*\.(?:css|tsx)$/.test(file));

  test('no raw colour and no raw length outside the tokens', () => {
    const found = files
      .filter((file) => file !== tokens)
      .flatMap((file) => rawValues(readProjectFile(file), file.endsWith('.css')).map((line) => `${file}:${line}`));
    expect(found).toEqual([]);
  });

  test('every token that is used is defined', () => {
    // Besides the tokens: what a component measures and hands to its own style sheet.
    const defined = new Set(files.flatMap((file) => [...readProjectFile(file).matchAll(/(--[\w-]+)'?\s*:/g)].map(([, name]) => name)));
    // React Aria tells a popover the width of what opened it.
    const given = new Set(['--trigger-width']);
    const unknown = files.flatMap((file) =>
      [...readProjectFile(file).matchAll(/var\((--[\w-]+)/g)]
        .map(([, name]) => name as string)
        .filter((name) => !defined.has(name) && !given.has(name))
        .map((name) => `${file}: ${name}`),
    );
    expect(unknown).toEqual([]);
  });

  test('the two themes have the same colours', () => {
    const [light = '', dark = ''] = readProjectFile(tokens).split(':root[data-theme="dark"]');
    const colours = (part: string) =>
      [...part.matchAll(/(--[\w-]+)\s*:\s*[^;]*oklch\(/g)].map(([, name]) => name as string).filter((name) => name !== '--shadow');
    expect(colours(dark).toSorted()).toEqual(colours(light).toSorted());
  });

  test('the rules themselves see what they are for', () => {
    const styles = [
      'a { color: #abc; }',
      'a { color: red; }',
      'a { margin: -2px; }',
      'a { color: rgb(0 0 0); }',
      'a { border: 1px solid black; }',
    ];
    expect(styles.filter((style) => rawValues(style, true).length === 0)).toEqual([]);
    expect(
      ['a { color: var(--text); }', '.red { margin: 0; }', 'a { white-space: nowrap; }'].flatMap((style) => rawValues(style, true)),
    ).toEqual([]);
    expect(['<svg fill="white" />', "style={{ width: '20px' }}"].filter((page) => rawValues(page, false).length === 0)).toEqual([]);
  });
});
