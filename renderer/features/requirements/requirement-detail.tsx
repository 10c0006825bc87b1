/** One requirement of the consumer: its sentence, its terms, its escrow, and the offers that owners made for it. */
import { Coins, Trash2, Undo2 } from 'lucide-react';
import { useState } from 'react';
import type { RequirementView } from '../../../electron/views.ts';
import { useAction, useCall, useTask } from '../../api/client.ts';
import { useLanguage, useTexts } from '../../app/texts.ts';
import { localDuration } from '../../model/figures.ts';
import {
  Amount,
  Button,
  ConfirmDialog,
  Copyable,
  Count,
  DetailPane,
  Dialog,
  Due,
  EmptyState,
  ErrorPanel,
  KeyValueList,
  Notice,
  PersonName,
  Query,
  Section,
  Stack,
  StateBadge,
  TaskProgress,
  TextField,
  Time,
  toast,
} from '../../ui/index.ts';
import { decimalMarkOf, readCoins } from './decimal-input.ts';
import { Disclosure } from './disclosure.tsx';
import { useNowSeconds } from './now.ts';
import { OfferCard } from './offer-card.tsx';
import { RequirementSentence } from './requirement-words.tsx';

/** The detail beside the list. */
export function RequirementDetail({ requestId, onClose }: { readonly requestId: string; readonly onClose: () => void }) {
  const requirement = useCall('requirement.get', { requestId });
  const t = useTexts('requirements');
  return requirement.data === undefined ? (
    <DetailPane title={t('requirement')} onClose={onClose}>
      <Query result={requirement}>{() => null}</Query>
    </DetailPane>
  ) : (
    <Loaded requirement={requirement.data} onClose={onClose} />
  );
}

function Loaded({ requirement, onClose }: { readonly requirement: RequirementView; readonly onClose: () => void }) {
  const t = useTexts('requirements');
  const now = useNowSeconds();
  const { document, state, obstacle } = requirement;
  const isDraft = state === 'drafted' || state === 'proved';
  const isOver = now > requirement.terms.deadline;
  return (
    <DetailPane
      title={t('requirement')}
      badge={<StateBadge state={state} />}
      onClose={onClose}
      actions={isDraft ? null : <EscrowActions requirement={requirement} isOver={isOver} />}
    >
      <Stack gap={6}>
        {document === null ? <Notice kind="warning">{t('wordsMisleading')}</Notice> : <RequirementSentence document={document} />}
        <ErrorPanel error={obstacle} compact />
        {isDraft && <Draft requirement={requirement} onDiscarded={onClose} />}
        {state === 'open' && isOver && BigInt(requirement.escrow) > 0n && (
          <Notice kind="info" title={t('overTitle')}>
            {t('overText')}
          </Notice>
        )}
        {!isDraft && <Offers requestId={requirement.requestId} isOpen={state === 'open' && !isOver} />}
        <Terms requirement={requirement} isDraft={isDraft} />
        <OnChain requirement={requirement} />
      </Stack>
    </DetailPane>
  );
}

/** A requirement that is not on the chain yet: nothing is paid, so it can be taken on or thrown away. */
function Draft({
  requirement: { requestId, state },
  onDiscarded,
}: {
  readonly requirement: RequirementView;
  readonly onDiscarded: () => void;
}) {
  const t = useTexts('requirements');
  const [isAsking, setAsking] = useState(false);
  const publication = useTask('requirement.continue');
  const discarding = useAction('requirement.discard');
  const goOn = async () => {
    try {
      const { publishedInBlock } = await publication.run({ requestId });
      if (publishedInBlock !== null) toast({ kind: 'success', text: t('published', { block: publishedInBlock }) });
    } catch {
      // TaskProgress shows the error that the task holds.
    }
  };
  return (
    <Stack gap={3}>
      <Notice
        kind="info"
        title={t(state === 'drafted' ? 'draftTitle' : 'provedTitle')}
        action={
          publication.running ? null : (
            <>
              <Button kind="primary" onPress={() => void goOn()}>
                {t('continue')}
              </Button>
              <Button kind="quiet" icon={<Trash2 />} onPress={() => setAsking(true)}>
                {t('discard')}
              </Button>
            </>
          )
        }
      >
        {t('draftText')}
      </Notice>
      <TaskProgress task={publication} title={t('publishing')} />
      <ConfirmDialog
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        title={t('discardTitle')}
        confirmLabel={t('discard')}
        danger
        onConfirm={async () => {
          await discarding.run({ requestId });
          onDiscarded();
        }}
      >
        {t('discardText')}
      </ConfirmDialog>
    </Stack>
  );
}

function EscrowActions({ requirement, isOver }: { readonly requirement: RequirementView; readonly isOver: boolean }) {
  const t = useTexts('requirements');
  const [asking, setAsking] = useState<'fund' | 'reclaim' | null>(null);
  const reclaiming = useAction('requirement.reclaim');
  const { requestId, state, escrow } = requirement;
  if (state !== 'open') return null;
  const close = () => setAsking(null);
  return (
    <>
      {isOver ? (
        BigInt(escrow) > 0n && (
          <Button kind="primary" icon={<Undo2 />} onPress={() => setAsking('reclaim')}>
            {t('reclaim')}
          </Button>
        )
      ) : (
        <Button kind="secondary" icon={<Coins />} onPress={() => setAsking('fund')}>
          {t('fund')}
        </Button>
      )}
      {asking === 'fund' && <FundDialog requirement={requirement} onClose={close} />}
      <ConfirmDialog
        isOpen={asking === 'reclaim'}
        onClose={close}
        title={t('reclaimTitle')}
        confirmLabel={t('reclaim')}
        onConfirm={async () => {
          const { blockNumber } = await reclaiming.run({ requestId });
          toast({ kind: 'success', text: t('reclaimed', { block: blockNumber }) });
        }}
      >
        <Amount wei={escrow} /> {t('reclaimText')}
      </ConfirmDialog>
    </>
  );
}

function FundDialog({
  requirement: { requestId, terms },
  onClose,
}: {
  readonly requirement: RequirementView;
  readonly onClose: () => void;
}) {
  const t = useTexts('requirements');
  const mark = decimalMarkOf(useLanguage());
  const [typed, setTyped] = useState('');
  const funding = useAction('requirement.fund');
  const wei = readCoins(typed, mark);
  const isWrong = typed !== '' && (wei === null || wei === 0n);
  const pay = async () => {
    if (wei === null || wei === 0n) return;
    try {
      const { blockNumber } = await funding.run({ requestId, amount: wei.toString() });
      toast({ kind: 'success', text: t('funded', { block: blockNumber }) });
      onClose();
    } catch {
      // The dialog stays open and shows the error that the action holds.
    }
  };
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={t('fundTitle')}
      size="small"
      footer={
        <>
          <Button onPress={onClose}>{t('cancel')}</Button>
          <Button kind="primary" isDisabled={wei === null || wei === 0n} busy={funding.running} onPress={() => void pay()}>
            {t('fund')}
          </Button>
        </>
      }
    >
      <Stack gap={4}>
        <p>{t('fundText')}</p>
        <TextField
          label={t('amount')}
          value={typed}
          onChange={setTyped}
          suffix={t('coins')}
          problem={isWrong ? t('problem.coins') : null}
          help={
            <>
              {t('onePrice')} <Amount wei={terms.price} />
            </>
          }
        />
        <ErrorPanel error={funding.error} compact />
      </Stack>
    </Dialog>
  );
}

function Offers({ requestId, isOpen }: { readonly requestId: string; readonly isOpen: boolean }) {
  const t = useTexts('requirements');
  const offers = useCall('requirement.offers', { requestId });
  return (
    <Section title={t('offers')}>
      <Query result={offers}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState title={t('noOffersTitle')} text={t(isOpen ? 'noOffersText' : 'noOffersOver')} icon={<Coins />} />
          ) : (
            <Stack gap={4}>
              {all.map((offer) => (
                <OfferCard key={offer.offerId} offer={offer} />
              ))}
            </Stack>
          )
        }
      </Query>
    </Section>
  );
}

function Terms({ requirement: { terms, escrow }, isDraft }: { readonly requirement: RequirementView; readonly isDraft: boolean }) {
  const t = useTexts('requirements');
  const language = useLanguage();
  const covers = Number(BigInt(escrow) / BigInt(terms.price === '0' ? '1' : terms.price));
  const hours = (seconds: number) => localDuration(seconds * 1000, language);
  return (
    <Section title={t('terms')}>
      <KeyValueList
        columns={2}
        items={[
          { label: t('price'), value: <Amount wei={terms.price} />, help: t('priceHelp') },
          {
            label: t('escrow'),
            value: (
              <span>
                <Amount wei={escrow} /> ({t('covers', { count: covers })})
              </span>
            ),
            help: t(isDraft ? 'escrowDraftHelp' : 'escrowHelp'),
          },
          { label: t('bond'), value: <Amount wei={terms.bond} />, help: t('bondHelp') },
          {
            label: t('deadline'),
            value: (
              <span>
                <Time seconds={terms.deadline} />, <Due seconds={terms.deadline} />
              </span>
            ),
          },
          { label: t('grantWindow'), value: hours(terms.grantWindow), help: t('grantWindowHelp') },
          { label: t('deliverWindow'), value: hours(terms.deliverWindow), help: t('deliverWindowHelp') },
          { label: t('confirmWindow'), value: hours(terms.confirmWindow), help: t('confirmWindowHelp') },
        ]}
      />
    </Section>
  );
}

function OnChain({ requirement: { requestId, publisher, requirementHash, publishedInBlock } }: { readonly requirement: RequirementView }) {
  const t = useTexts('requirements');
  return (
    <Disclosure title={t('details')}>
      <KeyValueList
        items={[
          { label: t('requestId'), value: <Copyable text={requestId} short /> },
          { label: t('publisher'), value: <PersonName address={publisher} /> },
          ...(requirementHash === null ? [] : [{ label: t('requirementHash'), value: <Copyable text={requirementHash} short /> }]),
          ...(publishedInBlock === null ? [] : [{ label: t('publishedInBlock'), value: <Count value={publishedInBlock} /> }]),
        ]}
      />
    </Disclosure>
  );
}
