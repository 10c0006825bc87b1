/** What the ordering of blocks promises on a network that runs on this machine, and what it does not. */
import { useTexts } from '../../app/texts.ts';
import { Notice } from '../../ui/index.ts';

/** The honest lines. */
export function Ordering() {
  const t = useTexts('network');
  return (
    <Notice kind="info" title={t('ordering')}>
      {t('orderingText')}
    </Notice>
  );
}
