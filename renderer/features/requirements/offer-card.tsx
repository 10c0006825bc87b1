/** An offer as its buyer sees it: whether it meets the requirement, whose turn it is, and the next step with what it means. */
import { BadgeCheck, CircleDashed, Hourglass } from 'lucide-react';
import { useState } from 'react';
import type { OfferView } from '../../../electron/views.ts';
import { useTask } from '../../api/client.ts';
import { useLanguage, useTexts } from '../../app/texts.ts';
import { localInteger } from '../../model/figures.ts';
import {
  Amount,
  Button,
  Card,
  ConfirmDialog,
  Copyable,
  Due,
  ErrorPanel,
  KeyValueList,
  LinkButton,
  Menu,
  Notice,
  PersonName,
  Row,
  Stack,
  StateBadge,
  TaskProgress,
  Text,
  Time,
  toast,
} from '../../ui/index.ts';
import { type BuyerAction, buyerTurn, isAskedFirst, isDone, verdictOf } from './buyer-turn.ts';
import { Disclosure } from './disclosure.tsx';
import { useNowSeconds } from './now.ts';
import styles from './offer-card.module.css';

/** The card of one offer. */
export function OfferCard({ offer }: { readonly offer: OfferView }) {
  const t = useTexts('requirements');
  const { turn, mine, next, others } = buyerTurn(offer, useNowSeconds());
  const actions = useBuyerActions(offer);
  const [asked, setAsked] = useState<BuyerAction | null>(null);
  const begin = (action: BuyerAction) => (isAskedFirst(action) ? setAsked(action) : actions.take(action));
  return (
    <Card>
      <Stack gap={3}>
        <Row gap={3} justify="between" wrap>
          <PersonName address={offer.owner} />
          <Row gap={2}>
            <StateBadge state={offer.chainState} />
            {others.length > 0 && (
              <Menu
                label={t('moreActions')}
                items={others.map((action) => ({
                  id: action,
                  label: t(`action.${action}`),
                  isDisabled: actions.running,
                  onAction: () => begin(action),
                }))}
              />
            )}
          </Row>
        </Row>
        <Verdict offer={offer} />
        <div className={mine ? styles.turnMine : styles.turn}>
          <Hourglass aria-hidden />
          <div className={styles.turnText}>
            <p>{t(`turn.${turn}`)}</p>
            {offer.dueAt !== null && (
              <Text size="small" tone="quiet">
                {t('due')} <Due seconds={offer.dueAt} />
              </Text>
            )}
          </div>
          <Row gap={2} wrap>
            {next !== null && (
              // A press that began on one step must not end on the next one, which may pay.
              <Button key={next} kind="primary" isDisabled={actions.running} onPress={() => begin(next)}>
                {t(`action.${next}`)}
              </Button>
            )}
            {offer.received && (
              <LinkButton to={`/received/${offer.offerId}`} kind={next === null ? 'primary' : 'secondary'}>
                {t('seeData')}
              </LinkButton>
            )}
          </Row>
        </div>
        {actions.tasks.map(({ action, task }) => (
          <TaskProgress key={action} task={task} title={t(`doing.${action}`)} />
        ))}
        {!actions.running && <ErrorPanel error={offer.obstacle} compact />}
        {offer.faultyProxies.length > 0 && (
          <Notice kind="warning" title={t('faultyTitle', { count: offer.faultyProxies.length, proxies: offer.faultyProxies.join(', ') })}>
            {t('faultyText')}
          </Notice>
        )}
        <Facts offer={offer} />
      </Stack>
      {asked !== null && (
        <ConfirmDialog
          isOpen
          onClose={() => setAsked(null)}
          title={t(`ask.${asked}.title`)}
          confirmLabel={t(`action.${asked}`)}
          danger={asked === 'notDelivered'}
          onConfirm={() => actions.take(asked)}
        >
          <p>
            <Amount wei={offer.price} /> {t(`ask.${asked}.text`)}
          </p>
          <p>{t(`ask.${asked}.consequence`)}</p>
        </ConfirmDialog>
      )}
    </Card>
  );
}

/** The four actions of the straight path and the steps beside it, each with its own progress. */
function useBuyerActions({ offerId }: OfferView) {
  const t = useTexts('requirements');
  const purchases = {
    fetch: useTask('purchase.fetch'),
    accept: useTask('purchase.accept'),
    receive: useTask('purchase.receive'),
    confirm: useTask('purchase.confirm'),
  };
  const step = useTask('offer.step');
  const [stepTaken, setStepTaken] = useState<BuyerAction>('refund');
  const perform = async (action: BuyerAction): Promise<void> => {
    if (action === 'fetch' || action === 'accept' || action === 'receive' || action === 'confirm') {
      // One that waits is not done: the card shows for what.
      if (isDone(action, await purchases[action].run({ offerId }))) toast({ kind: 'success', text: t(`done.${action}`) });
    } else {
      setStepTaken(action);
      const { blockNumber } = await step.run({ offerId, step: action });
      toast({ kind: 'success', text: t(`done.${action}`, { block: blockNumber }) });
    }
  };
  return {
    running: step.running || Object.values(purchases).some(({ running }) => running),
    tasks: [...Object.entries(purchases).map(([action, task]) => ({ action, task })), { action: stepTaken, task: step }],
    take: (action: BuyerAction): void => {
      perform(action).catch(() => undefined); // the task holds the error, and TaskProgress shows it
    },
  };
}

function Verdict({ offer }: { readonly offer: OfferView }) {
  const t = useTexts('requirements');
  const language = useLanguage();
  const verdict = verdictOf(offer);
  const figures = {
    proved: localInteger(offer.provedSegments, language),
    // The buyer learns the number of segments with the last proof; then as many are proved as there are.
    segments: localInteger(offer.segmentCount ?? offer.provedSegments, language),
    rows: localInteger(offer.provedRows, language),
  };
  return (
    <p className={verdict === 'meets' ? styles.meets : styles.unproved}>
      {verdict === 'meets' ? <BadgeCheck aria-hidden /> : <CircleDashed aria-hidden />}
      <span>{t(`verdict.${verdict}`, figures)}</span>
    </p>
  );
}

function Facts({ offer }: { readonly offer: OfferView }) {
  const t = useTexts('requirements');
  const { grant } = offer;
  return (
    <Disclosure title={t('offerDetails')}>
      <KeyValueList
        items={[
          { label: t('price'), value: <Amount wei={offer.price} /> },
          { label: t('ownerBond'), value: <Amount wei={offer.ownerBond} />, help: t('ownerBondHelp') },
          { label: t('offerId'), value: <Copyable text={offer.offerId} short /> },
          { label: t('datasetId'), value: <Copyable text={offer.datasetId} short /> },
          ...(grant === null
            ? []
            : [
                { label: t('grant'), value: t('grantOf', { threshold: grant.threshold, proxies: grant.proxies }) },
                { label: t('grantLive'), value: grant.revoked ? t('grantRevoked') : <Time seconds={grant.liveUntil} /> },
                { label: t('grantHash'), value: <Copyable text={grant.grantHash} short /> },
              ]),
        ]}
      />
    </Disclosure>
  );
}
