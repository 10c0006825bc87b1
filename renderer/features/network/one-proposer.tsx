/** What the ordering of blocks can and cannot promise in this version. */
import { useTexts } from '../../app/texts.ts';
import { Notice } from '../../ui/index.ts';

/** The honest line. */
export function OneProposer() {
  const t = useTexts('network');
  return (
    <Notice kind="info" title={t('oneProposer')}>
      {t('oneProposerText')}
    </Notice>
  );
}
