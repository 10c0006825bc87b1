/** The secret window: one question about a phrase or a passphrase, then its process ends. */
import '../app/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { chosenLanguage } from '../../electron/language.ts';
import { changeLanguage } from '../app/texts.ts';
import { opening } from './bridge.ts';
import { Question } from './question.tsx';

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no place for the question.');
const page = createRoot(root);

const dark = matchMedia('(prefers-color-scheme: dark)');
const applyTheme = () => {
  document.documentElement.dataset.theme = dark.matches ? 'dark' : 'light';
};
applyTheme();
dark.addEventListener('change', applyTheme);
const { purpose, language } = await opening();
await changeLanguage(chosenLanguage(language, navigator.language));
page.render(
  <StrictMode>
    <Question purpose={purpose} />
  </StrictMode>,
);
