/** Events of the chain as a timeline, newest first. What is listed is final; nothing else is called done. */
import type { ActivityView } from '../../../electron/views.ts';
import { hasText, useLanguage, useTexts } from '../../app/texts.ts';
import { Copyable, formatCount, Row, Timeline } from '../../ui/index.ts';

const tones: Readonly<Record<string, 'success' | 'danger' | 'warning'>> = {
  OfferVerified: 'success',
  OfferConfirmed: 'success',
  OfferClaimed: 'success',
  OfferRefunded: 'danger',
  OfferRevoked: 'danger',
  GrantRevoked: 'danger',
  OfferExpired: 'warning',
  DeliveryMissing: 'warning',
};

/** The timeline. */
export function ActivityTimeline({ label, entries }: { readonly label: string; readonly entries: readonly ActivityView[] }) {
  const t = useTexts('grants');
  const language = useLanguage();
  const newest = entries
    .map((entry, place) => ({ entry, place }))
    .toSorted((left, right) => right.entry.blockNumber - left.entry.blockNumber || right.place - left.place);
  return (
    <Timeline
      label={label}
      items={newest.map(({ entry, place }) => {
        const { event, blockNumber, atSeconds, transactionHash, fields } = entry;
        const tone = tones[event];
        return {
          id: `${transactionHash} ${place}`,
          title: hasText('grants', `event.${event}`)
            ? t(`event.${event}`, { ...fields, segment: Number(fields.segmentIndex ?? 0) + 1 })
            : event,
          at: atSeconds,
          detail: (
            <Row gap={2} align="center" wrap>
              <span>{t('final-in', { block: formatCount(blockNumber, language) })}</span>
              <Copyable text={transactionHash} short label={t('transaction')} />
            </Row>
          ),
          ...(tone === undefined ? {} : { tone }),
        };
      })}
    />
  );
}
