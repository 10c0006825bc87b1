/** A requirement in words, for a list, a detail and the builder. */
import type { RequirementDocumentView } from '../../../electron/views.ts';
import { useLanguage, useTexts } from '../../app/texts.ts';
import { requirementSentence, sentenceText } from '../../model/requirement-sentence.ts';
import { Sentence, Slot } from '../../ui/index.ts';

/** The sentence of a requirement as plain text; of one whose published words say something else, that it must be left alone. */
export function useRequirementText(): (document: RequirementDocumentView | null) => string {
  const t = useTexts('requirements');
  const language = useLanguage();
  return (document) =>
    document === null
      ? t('wordsMisleading')
      : sentenceText(
          requirementSentence(document, (key, values) => t(key, values ?? {}), language),
          language,
        );
}

/** The sentence with each of its clauses set off, large. */
export function RequirementSentence({ document }: { readonly document: RequirementDocumentView }) {
  const t = useTexts('requirements');
  const language = useLanguage();
  const parts = requirementSentence(document, (key, values) => t(key, values ?? {}), language);
  return (
    <Sentence>
      {t('sentenceLead')}{' '}
      {parts.map(({ about, column = 0, text }, index) => (
        <span key={`${about}-${column}-${text}`}>
          {index > 0 && ', '}
          <Slot>{text}</Slot>
        </span>
      ))}
      .
    </Sentence>
  );
}
