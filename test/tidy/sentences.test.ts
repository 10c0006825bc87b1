/** The second language of what core and the shell say: German has every template that the source has, and no other. */
import { describe, expect, test } from 'vitest';
import { listed, say, sentenceOf, verbatim } from '../../core/base/sentence.ts';
import { inLanguage } from '../../electron/language.ts';
import { readProjectFile } from './project.ts';
import { saidInSource } from './said-in-source.ts';

const { templates, loose } = saidInSource();
const german = JSON.parse(readProjectFile('electron/texts/de.json')) as Record<string, string>;
const places = (text: string) => (text.match(/\{\d+\}/g) ?? []).toSorted().join();

describe('sentences', () => {
  test('are found where they are said', () => {
    const found = ['The chain does not answer.', 'There is no room on the disk to write {0}.', 'Your offer was accepted', 'Lock now'];
    expect(found.filter((template) => !templates.has(template))).toEqual([]);
    expect(templates.size).toBeGreaterThan(900);
  });

  test('of errors with values in them are written with `say`', () => {
    expect(loose).toEqual([]);
  });

  test('all have their German', () => {
    const missing = [...templates].filter(([template]) => !Object.hasOwn(german, template) || german[template]?.trim() === '');
    expect(missing.map(([template, file]) => `${file}: ${template}`)).toEqual([]);
  });

  test('that are no longer said have no German, and the rest stands in order', () => {
    const keys = Object.keys(german);
    expect(keys.filter((template) => !templates.has(template))).toEqual([]);
    expect(keys).toEqual(keys.toSorted());
  });

  test('have the same values in both languages', () => {
    const different = Object.entries(german).filter(([template, text]) => places(template) !== places(text));
    expect(different).toEqual([]);
  });
});

describe('a language', () => {
  test('says a sentence with the words and values that stand in it', () => {
    const reason = say`it is longer than ${1_234_567} bytes`;
    const sentence = say`The ${say`proxy ${2}`} gave an answer that cannot be read: ${reason}.`;
    expect(inLanguage(sentence, 'en')).toBe('The proxy 2 gave an answer that cannot be read: it is longer than 1,234,567 bytes.');
    expect(inLanguage(sentence, 'de')).toBe(
      'Der Dienst Proxy 2 hat eine Antwort gegeben, die sich nicht lesen lässt: sie ist länger als 1.234.567 Bytes.',
    );
  });

  test('says plain text, and leaves what others said and what looks like a place as it is', () => {
    expect(inLanguage('Vouchsafe is locked.', 'de')).toBe('Vouchsafe ist gesperrt.');
    const quoted = say`The ${say`PKG`} says: ${verbatim('Come back on {0} Monday.')}`;
    expect(inLanguage(quoted, 'de')).toBe('PKG meldet: Come back on {0} Monday.');
    expect(inLanguage(listed([sentenceOf('Try again.'), say`Update Vouchsafe.`], ' '), 'de')).toBe(
      'Versuchen Sie es noch einmal. Aktualisieren Sie Vouchsafe.',
    );
  });

  test('writes moments as people there do', () => {
    const sentence = say`The other side still has time until ${new Date(Date.UTC(2030, 4, 17, 12))}.`;
    expect(inLanguage(sentence, 'de')).toMatch(/^Die andere Seite hat noch Zeit bis 17\.05\.2030, \d\d:00:00\.$/);
  });
});
