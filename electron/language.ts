/**
 * The languages of the app, and how each says what core and the shell have to say (core/base/sentence.ts). English is written
 * where it is said; `texts/de.json` has the German of every template (test/tidy/sentences.test.ts).
 */
import { type Said, type Speech, spoken } from '../core/base/sentence.ts';
import german from './texts/de.json' with { type: 'json' };
import { type Language, languageName } from './views.ts';

/** What the renderer needs to say and to hand on sentences. */
export { english, type Said, say } from '../core/base/sentence.ts';

/** How each language writes numbers and times. */
export const localeOf: Readonly<Record<Language, string>> = { en: 'en-GB', de: 'de-DE' };

const catalogues: Readonly<Record<Language, Readonly<Record<string, string>>>> = { en: {}, de: german };

/** The language that a wish and the system's language give. */
export function chosenLanguage(wish: 'system' | Language, systemLanguage: string): Language {
  if (wish !== 'system') return wish;
  return languageName.options.find((language) => systemLanguage.toLowerCase().startsWith(language)) ?? 'en';
}

/** What was said, in the language. */
export function inLanguage(said: Said, language: Language): string {
  return spoken(said, speech[language]);
}

function speechOf(language: Language): Speech {
  const numbers = new Intl.NumberFormat(localeOf[language], { useGrouping: 'min2' });
  const moments = new Intl.DateTimeFormat(localeOf[language], { dateStyle: 'medium', timeStyle: 'medium' });
  return {
    template: (english) => (Object.hasOwn(catalogues[language], english) ? (catalogues[language][english] as string) : english),
    number: (value) => numbers.format(value),
    moment: ({ atMs }) => moments.format(atMs),
  };
}

const speech: Readonly<Record<Language, Speech>> = { en: speechOf('en'), de: speechOf('de') };
