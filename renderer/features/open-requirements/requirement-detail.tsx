/** One requirement of others: what it asks, what it pays and by when, and the way from a dataset to an offer. */
import { FileUp } from 'lucide-react';
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { MatchView, OfferView, RequirementView } from '../../../electron/views.ts';
import { useCall } from '../../api/client.ts';
import { useLanguage, useTexts } from '../../app/texts.ts';
import { localDuration } from '../../model/figures.ts';
import {
  Amount,
  Card,
  DetailPane,
  Due,
  EmptyState,
  KeyValueList,
  LinkButton,
  Notice,
  PersonName,
  Query,
  RadioCards,
  Row,
  Section,
  Stack,
  StateBadge,
  Text,
} from '../../ui/index.ts';
import { DryRun } from './dry-run.tsx';
import { MakeOffer } from './make-offer.tsx';
import { closedBecause, rankedMatches } from './matching.ts';
import { RequirementWords } from './requirement-words.tsx';

/** The detail beside the list. `matches` are the user's datasets as they stand to it. */
export function RequirementDetail({ requestId, matches }: { readonly requestId: string; readonly matches: readonly MatchView[] }) {
  const t = useTexts('open-requirements');
  const [, navigate] = useLocation();
  const requirement = useCall('requirement.get', { requestId });
  return (
    <DetailPane
      title={t('detail')}
      onClose={() => navigate('/open-requirements')}
      {...(requirement.data === undefined ? {} : { badge: <StateBadge state={requirement.data.state} /> })}
    >
      <Query result={requirement}>{(loaded) => <Requirement requirement={loaded} matches={matches} />}</Query>
    </DetailPane>
  );
}

function Requirement({ requirement, matches }: { readonly requirement: RequirementView; readonly matches: readonly MatchView[] }) {
  const t = useTexts('open-requirements');
  const offers = useCall('offer.list', {});
  const { requestId, document } = requirement;
  const own = (offers.data ?? []).filter((offer) => offer.side === 'owner' && offer.requestId === requestId);
  const closed = closedBecause(requirement, Math.floor(Date.now() / 1000));
  return (
    <Stack gap={6}>
      {document === null ? <Notice kind="warning">{t('no-words-long')}</Notice> : <RequirementWords document={document} />}
      {own.length === 0 ? null : <OwnOffers offers={own} />}
      <Terms requirement={requirement} />
      {closed === null ? <Answer requirement={requirement} matches={matches} /> : <Notice kind="info">{t(`closed.${closed}`)}</Notice>}
    </Stack>
  );
}

/** Offers that were made already: their states, and whose turn each is. */
function OwnOffers({ offers }: { readonly offers: readonly OfferView[] }) {
  const t = useTexts('open-requirements');
  const g = useTexts('grants');
  return (
    <Card title={t('offered.title')}>
      <Stack gap={3}>
        {offers.map(({ offerId, datasetName, chainState, waitsFor, dueAt }) => (
          <Row key={offerId} align="center" gap={3} wrap>
            <StateBadge state={chainState} />
            <Text>{g(`waits.${waitsFor}`)}</Text>
            {dueAt === null ? null : <Due seconds={dueAt} />}
            <LinkButton to={`/grants/${offerId}`} kind="quiet">
              {t('offered.open', { dataset: datasetName ?? t('offered.unnamed') })}
            </LinkButton>
          </Row>
        ))}
      </Stack>
    </Card>
  );
}

function Terms({ requirement: { terms, publisher, escrow, offers } }: { readonly requirement: RequirementView }) {
  const t = useTexts('open-requirements');
  const language = useLanguage();
  const span = (seconds: number) => localDuration(seconds * 1000, language);
  return (
    <Section title={t('terms')}>
      <KeyValueList
        items={[
          { label: t('price'), value: <Amount wei={terms.price} />, help: t('price-help') },
          { label: t('bond'), value: <Amount wei={terms.bond} />, help: t('bond-help') },
          { label: t('deadline'), value: <Due seconds={terms.deadline} />, help: t('deadline-help') },
          { label: t('window.grant'), value: span(terms.grantWindow), help: t('window.grant-help') },
          { label: t('window.deliver'), value: span(terms.deliverWindow), help: t('window.deliver-help') },
          { label: t('window.confirm'), value: span(terms.confirmWindow), help: t('window.confirm-help') },
          { label: t('publisher'), value: <PersonName address={publisher} /> },
          { label: t('escrow'), value: <Amount wei={escrow} />, help: t('escrow-help', { count: offers }) },
        ]}
      />
    </Section>
  );
}

function Answer({ requirement, matches }: { readonly requirement: RequirementView; readonly matches: readonly MatchView[] }) {
  const t = useTexts('open-requirements');
  const ranked = rankedMatches(matches);
  const [picked, setPicked] = useState<string | null>(null);
  // What fits may be known only after the first look; what was tried stays chosen.
  const chosen = picked ?? ranked.find(({ fit }) => fit === 'fits')?.datasetId ?? '';
  const [holds, setHolds] = useState<string | null>(null);
  const prepare = (
    <LinkButton to={`/datasets/import/for/${requirement.requestId}`} kind="secondary" icon={<FileUp />}>
      {t('answer.prepare')}
    </LinkButton>
  );
  if (ranked.length === 0) {
    return (
      <Section title={t('answer.title')}>
        <EmptyState icon={<FileUp />} title={t('answer.none')} text={t('answer.none-text')} action={prepare} />
      </Section>
    );
  }
  const match = ranked.find(({ datasetId }) => datasetId === chosen);
  return (
    <>
      <Section title={t('answer.title')} lead={t('answer.lead')} actions={prepare}>
        <RadioCards
          label={t('answer.dataset')}
          value={chosen}
          onChange={(datasetId) => {
            setPicked(datasetId);
            setHolds(null);
          }}
          options={ranked.map(({ datasetId, datasetName, fit, columns, enoughRows, keywords, ready }) => ({
            id: datasetId,
            title: datasetName,
            detail:
              fit === 'fits'
                ? t('match.fits')
                : [
                    ...(columns === 'all' ? [] : [t(`match.columns-${columns}`)]),
                    ...(enoughRows ? [] : [t('match.rows')]),
                    ...(keywords ? [] : [t('match.keywords')]),
                    ...(ready ? [] : [t('match.not-ready')]),
                  ].join(' · '),
          }))}
        />
        {match !== undefined && !match.ready ? (
          <Notice
            kind="info"
            action={
              <LinkButton to={`/datasets/${match.datasetId}`} kind="secondary">
                {t('answer.open-dataset')}
              </LinkButton>
            }
          >
            {t('answer.not-ready')}
          </Notice>
        ) : null}
      </Section>
      {match === undefined ? null : (
        <DryRun
          key={match.datasetId}
          requestId={requirement.requestId}
          datasetId={match.datasetId}
          onResult={(result) => {
            setPicked(match.datasetId);
            setHolds(result.holds ? match.datasetId : null);
          }}
        />
      )}
      {match !== undefined && holds === match.datasetId && match.ready ? (
        <MakeOffer requirement={requirement} datasetId={match.datasetId} />
      ) : null}
    </>
  );
}
