/** The sentence of a requirement as a reader sees it, with the author's choices set off. */
import type { RequirementDocumentView } from '../../../electron/views.ts';
import { useLanguage, useTexts } from '../../app/texts.ts';
import { requirementSentence, sentencePieces } from '../../model/requirement-sentence.ts';
import { Sentence, Slot } from '../../ui/index.ts';

/** The sentence. */
export function RequirementWords({ document }: { readonly document: RequirementDocumentView }) {
  const t = useTexts('open-requirements');
  const language = useLanguage();
  return (
    <Sentence>
      {sentencePieces(
        requirementSentence(document, (key, values) => t(key, values ?? {}), language),
        language,
      ).map(({ text, slot }, index) => {
        const key = `${index} ${text}`;
        return slot ? <Slot key={key}>{text}</Slot> : <span key={key}>{text}</span>;
      })}
    </Sentence>
  );
}
