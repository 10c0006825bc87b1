/** Offer and prove: what it costs if a promise is broken, said before the button. */
import { ShieldCheck } from 'lucide-react';
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { RequirementView } from '../../../electron/views.ts';
import { useCall, useTask } from '../../api/client.ts';
import { useLanguage, useTexts } from '../../app/texts.ts';
import { localDuration } from '../../model/figures.ts';
import { Button, Card, Checkbox, formatCoins, Notice, Row, Stack, TaskProgress, Text, toast } from '../../ui/index.ts';
import { hasShortWindows } from './matching.ts';

/** The last step, once the dry run has shown that the data meets the requirement. */
export function MakeOffer({ requirement, datasetId }: { readonly requirement: RequirementView; readonly datasetId: string }) {
  const t = useTexts('open-requirements');
  const language = useLanguage();
  const [, navigate] = useLocation();
  const make = useTask('offer.make');
  const network = useCall('network.status', {});
  const { requestId, terms } = requirement;
  const short = hasShortWindows(terms);
  const [allowed, setAllowed] = useState(false);
  const span = (seconds: number) => localDuration(seconds * 1000, language);
  const start = () =>
    make.run({ requestId, datasetId, shortWindows: short && allowed }).then(
      (offer) => {
        toast({ kind: 'success', text: t(offer.chainState === 'verified' ? 'make.verified' : 'make.begun') });
        navigate(`/grants/${offer.offerId}`);
      },
      () => undefined, // shown from the task's error
    );
  return (
    <Card title={t('make.title')}>
      <Stack gap={4}>
        <Text>{t('make.bond', { bond: formatCoins(terms.bond, language), window: span(terms.grantWindow) })}</Text>
        <Text tone="quiet">{t('make.price', { price: formatCoins(terms.price, language) })}</Text>
        {network.data?.online === false ? <Notice kind="info">{t('make.offline')}</Notice> : null}
        {short ? (
          <Notice kind="warning" title={t('make.short-title')}>
            <Stack gap={3}>
              <span>{t('make.short', { grant: span(terms.grantWindow), deliver: span(terms.deliverWindow) })}</span>
              <Checkbox isSelected={allowed} onChange={setAllowed}>
                {t('make.short-allow')}
              </Checkbox>
            </Stack>
          </Notice>
        ) : null}
        {make.running || make.error !== null ? <TaskProgress task={make} title={t('make.running')} /> : null}
        <Row align="center" gap={4} wrap>
          <Button kind="primary" icon={<ShieldCheck />} busy={make.running} isDisabled={short && !allowed} onPress={start}>
            {t('make.start')}
          </Button>
          <Text tone="quiet" size="small">
            {t('make.cancel-note')}
          </Text>
        </Row>
      </Stack>
    </Card>
  );
}
