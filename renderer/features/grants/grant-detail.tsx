/** One offer of the owner: how far the trade is, whose turn it is, its money and limits, and the steps that are possible. */
import { Play } from 'lucide-react';
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { OfferView } from '../../../electron/views.ts';
import { useCall, useTask } from '../../api/client.ts';
import { useLanguage, useTexts } from '../../app/texts.ts';
import {
  Amount,
  Button,
  ConfirmDialog,
  Copyable,
  DetailPane,
  Due,
  ErrorPanel,
  formatCount,
  KeyValueList,
  LinkButton,
  Notice,
  PersonName,
  ProgressList,
  Query,
  Row,
  Section,
  Stack,
  StateBadge,
  TaskProgress,
  Time,
  toast,
} from '../../ui/index.ts';
import { RequirementWords } from '../open-requirements/requirement-words.tsx';
import { ActivityTimeline } from './activity-timeline.tsx';
import { canContinue, isDangerous, isMyTurn, isOver, stagesOf, stepKey, turnKey } from './offer-turn.ts';

/** The detail beside the list. */
export function GrantDetail({ offerId }: { readonly offerId: string }) {
  const t = useTexts('grants');
  const [, navigate] = useLocation();
  const offer = useCall('offer.get', { offerId });
  const close = () => navigate('/grants');
  if (offer.data === undefined) {
    return (
      <DetailPane title={t('detail')} onClose={close}>
        <Query result={offer}>{() => null}</Query>
      </DetailPane>
    );
  }
  return <Grant offer={offer.data} onClose={close} />;
}

function Grant({ offer, onClose }: { readonly offer: OfferView; readonly onClose: () => void }) {
  const t = useTexts('grants');
  const language = useLanguage();
  const { offerId, datasetName, consumer, chainState, dueAt, provedSegments, segmentCount, provedRows, obstacle, document } = offer;
  const goOn = useTask('offer.continue');
  const myTurn = isMyTurn(offer);
  return (
    <DetailPane
      title={datasetName ?? t('unnamed')}
      badge={<StateBadge state={chainState} />}
      onClose={onClose}
      actions={
        canContinue(offer) ? (
          <Button kind="primary" icon={<Play />} busy={goOn.running} onPress={() => goOn.start({ offerId })}>
            {t(chainState === 'accepted' ? 'action.grant' : 'action.continue')}
          </Button>
        ) : null
      }
    >
      <Stack gap={6}>
        <Notice kind={turnTone(offer, myTurn)} title={t(`state.${chainState}`)}>
          <Stack gap={1}>
            <span>{t(`turn.${turnKey(offer)}`)}</span>
            {dueAt === null || isOver(offer) ? null : (
              <Row gap={2} align="center" wrap>
                <span>{t('due')}</span>
                <Due seconds={dueAt} />
              </Row>
            )}
          </Stack>
        </Notice>
        {goOn.running || goOn.error !== null ? (
          <TaskProgress task={goOn} title={t('continuing')} />
        ) : (
          <ErrorPanel error={obstacle} compact />
        )}
        <ProgressList
          label={t('progress')}
          steps={stagesOf(offer).map(({ id, state }) => ({
            id,
            state,
            label: t(`stage.${id}`),
            ...(id === 'verified' && segmentCount !== null && segmentCount > 0
              ? {
                  detail: t('stage.segments', {
                    done: formatCount(provedSegments, language),
                    total: formatCount(segmentCount, language),
                    rows: formatCount(provedRows, language),
                  }),
                }
              : {}),
          }))}
        />
        <Steps offer={offer} />
        <Section title={t('asked')}>
          <Stack gap={4}>
            {document === null ? null : <RequirementWords document={document} />}
            <KeyValueList
              items={[
                { label: t('consumer'), value: <PersonName address={consumer} /> },
                { label: t('offer-id'), value: <Copyable text={offerId} short /> },
              ]}
            />
            <Row gap={2} wrap>
              <LinkButton to={`/open-requirements/${offer.requestId}`} kind="secondary">
                {t('open-requirement')}
              </LinkButton>
              <LinkButton to={`/datasets/${offer.datasetId}`} kind="secondary">
                {t('open-dataset')}
              </LinkButton>
            </Row>
          </Stack>
        </Section>
        <Money offer={offer} />
        <Limits offer={offer} />
        <What offerId={offerId} />
      </Stack>
    </DetailPane>
  );
}

function turnTone({ chainState }: OfferView, myTurn: boolean): 'info' | 'warning' | 'success' | 'danger' {
  if (chainState === 'paid') return 'success';
  if (chainState === 'refunded' || chainState === 'disputed') return 'danger';
  return myTurn ? 'warning' : 'info';
}

/** Steps outside the straight path, each with what it would do. */
function Steps({ offer }: { readonly offer: OfferView }) {
  const t = useTexts('grants');
  const language = useLanguage();
  const task = useTask('offer.step');
  const [asked, setAsked] = useState<OfferView['possibleSteps'][number] | null>(null);
  const { offerId, possibleSteps } = offer;
  if (possibleSteps.length === 0) return null;
  const key = asked === null ? null : stepKey(asked, offer);
  return (
    <Section title={t('steps.title')} lead={t('steps.lead')}>
      <KeyValueList
        columns={1}
        items={possibleSteps.map((step) => ({
          label: t(`step.${stepKey(step, offer)}.what`),
          value: (
            <Button kind={isDangerous(step) ? 'danger' : 'secondary'} size="small" onPress={() => setAsked(step)}>
              {t(`step.${stepKey(step, offer)}.button`)}
            </Button>
          ),
        }))}
      />
      {asked === null || key === null ? null : (
        <ConfirmDialog
          isOpen
          onClose={() => setAsked(null)}
          title={t(`step.${key}.title`)}
          confirmLabel={t(`step.${key}.button`)}
          danger={isDangerous(asked)}
          onConfirm={async () => {
            const { blockNumber } = await task.run({ offerId, step: asked });
            toast({ kind: 'success', text: t('step.done', { step: t(`step.${key}.button`), block: formatCount(blockNumber, language) }) });
          }}
        >
          {t(`step.${key}.consequence`)}
        </ConfirmDialog>
      )}
    </Section>
  );
}

function Money({ offer: { price, ownerBond, chainState } }: { readonly offer: OfferView }) {
  const t = useTexts('grants');
  const identity = useCall('identity.get', {});
  const credit = (identity.data?.pseudonyms ?? []).reduce((sum, pseudonym) => sum + BigInt(pseudonym.credit ?? '0'), 0n);
  const over = isOver({ chainState });
  return (
    <Section title={t('money.title')}>
      <Stack gap={3}>
        <KeyValueList
          items={[
            {
              label: t('money.price'),
              value: <Amount wei={price} />,
              help: t(
                over
                  ? 'money.price-over'
                  : chainState === 'proving' || chainState === 'verified'
                    ? 'money.price-open'
                    : 'money.price-locked',
              ),
            },
            { label: t('money.bond'), value: <Amount wei={ownerBond} />, help: t(over ? 'money.bond-over' : 'money.bond-help') },
          ]}
        />
        {credit > 0n ? (
          <Notice
            kind="success"
            title={t('money.credit')}
            action={
              <LinkButton to="/settings/identity" kind="secondary">
                {t('money.withdraw')}
              </LinkButton>
            }
          >
            <Amount wei={credit.toString()} /> {t('money.credit-text')}
          </Notice>
        ) : null}
      </Stack>
    </Section>
  );
}

function Limits({ offer: { grant, faultyProxies } }: { readonly offer: OfferView }) {
  const t = useTexts('grants');
  const language = useLanguage();
  if (grant === null) return null;
  const { threshold, proxies, liveUntil, revoked, grantHash } = grant;
  return (
    <Section title={t('limits.title')} lead={t('limits.lead')}>
      <Stack gap={3}>
        {revoked ? <Notice kind="warning">{t('limits.revoked')}</Notice> : null}
        {faultyProxies.length > 0 ? (
          <Notice kind="warning">
            {t('limits.faulty', { proxies: new Intl.ListFormat(language).format(faultyProxies.map(String)), count: faultyProxies.length })}
          </Notice>
        ) : null}
        <KeyValueList
          items={[
            { label: t('limits.threshold'), value: t('limits.of', { threshold, proxies }), help: t('limits.threshold-help') },
            { label: t('limits.until'), value: <Time seconds={liveUntil} />, help: t('limits.until-help') },
            { label: t('limits.hash'), value: <Copyable text={grantHash} short />, help: t('limits.hash-help') },
          ]}
        />
      </Stack>
    </Section>
  );
}

function What({ offerId }: { readonly offerId: string }) {
  const t = useTexts('grants');
  const activity = useCall('activity.list', {});
  return (
    <Section title={t('timeline')}>
      <Query result={activity}>
        {(all) => {
          const own = all.filter((entry) => entry.offerId === offerId);
          return own.length === 0 ? <p>{t('timeline-none')}</p> : <ActivityTimeline label={t('timeline')} entries={own} />;
        }}
      </Query>
    </Section>
  );
}
