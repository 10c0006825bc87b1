/**
 * The catalogues of texts: one file for each area and language, found by their place, so that an area adds a file and no
 * more. Keys are flat. English is complete; what another language lacks is shown in English.
 */
import i18next, { type TFunction } from 'i18next';
import { initReactI18next, useTranslation } from 'react-i18next';
import type { Said } from '../../electron/language.ts';
import { inLanguage } from '../../electron/language.ts';
import type { Language } from '../../electron/views.ts';
import { isolated } from '../model/isolated.ts';

const files = import.meta.glob<Record<string, string>>('../texts/*/*.json', { eager: true, import: 'default' });
const resources: Record<string, Record<string, Record<string, string>>> = {};
for (const [path, texts] of Object.entries(files)) {
  const [, language, area] = /\/(\w+)\/([\w-]+)\.json$/.exec(path) ?? [];
  if (language === undefined || area === undefined) continue;
  resources[language] ??= {};
  resources[language][area] = texts;
}

await i18next.use(initReactI18next).init({
  resources,
  lng: 'en',
  fallbackLng: 'en',
  defaultNS: 'app',
  keySeparator: false,
  // Nothing here becomes HTML: what a value could do is turn the words around it.
  interpolation: { escapeValue: true, escape: isolated },
});

/** Changes the language of everything shown. */
export async function changeLanguage(language: Language): Promise<void> {
  document.documentElement.lang = language;
  if (i18next.language !== language) await i18next.changeLanguage(language);
}

/** The texts of one area. */
export function useTexts(area: string): TFunction {
  return useTranslation(area).t as TFunction;
}

/** The language that is shown. */
export function useLanguage(): Language {
  const { i18n } = useTranslation();
  return i18n.language === 'de' ? 'de' : 'en';
}

/** Says what core and the shell have to say in the language that is shown. */
export function useSaid(): (said: Said) => string {
  const language = useLanguage();
  return (said) => inLanguage(said, language);
}

/** Whether an area has a text for `key`, be it one for all counts or one for each. */
export function hasText(area: string, key: string): boolean {
  return i18next.exists(key, { ns: area }) || i18next.exists(key, { ns: area, count: 1 });
}
