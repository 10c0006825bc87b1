/** What became of the price of received data. */
import { useTexts } from '../../app/texts.ts';
import { StateBadge } from '../../ui/index.ts';

/** Whether the price is still to be released: the purchase's own state says only that the data is here. */
export function PaymentBadge({ state }: { readonly state: string }) {
  const t = useTexts('received');
  return state === 'received' ? (
    <StateBadge state={t('toConfirm')} tone="warning" />
  ) : (
    <StateBadge state={state === 'ended' ? t('over') : state} tone={state === 'ended' ? 'success' : 'neutral'} />
  );
}
