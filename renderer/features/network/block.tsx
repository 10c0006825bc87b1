/** One block of an own network: its header, its transactions, and why it is final, checked with nothing but the genesis document. */
import { ChevronLeft, ChevronRight, ShieldCheck } from 'lucide-react';
import type { BlockDetailView, BlockProofView } from '../../../electron/views.ts';
import { useCall } from '../../api/client.ts';
import { hasText, useTexts } from '../../app/texts.ts';
import {
  Amount,
  Badge,
  Button,
  Copyable,
  Count,
  KeyValueList,
  LinkButton,
  Notice,
  PersonName,
  Query,
  Row,
  Section,
  Stack,
  shortHex,
  Text,
  Time,
} from '../../ui/index.ts';
import styles from './network.module.css';
import { ShortTable } from './short-table.tsx';

type Transaction = BlockDetailView['transactions'][number];

/** The page. */
export function BlockPage({ networkId, number }: { readonly networkId: string; readonly number: number }) {
  const t = useTexts('network');
  const block = useCall('ownNetwork.block', { networkId, number });
  const pathOf = (other: number) => `/network/${networkId}/blocks/${other}`;
  return (
    <Stack gap={6}>
      <Row gap={2} wrap>
        <LinkButton to={`/network/${networkId}/blocks`} size="small">
          {t('toBlocks')}
        </LinkButton>
        {number > 0 && (
          <LinkButton to={pathOf(number - 1)} size="small" icon={<ChevronLeft />}>
            {t('blockBefore', { number: number - 1 })}
          </LinkButton>
        )}
        <LinkButton to={pathOf(number + 1)} size="small" icon={<ChevronRight />}>
          {t('blockAfter', { number: number + 1 })}
        </LinkButton>
      </Row>
      <Query result={block}>
        {(found) => (
          <Stack gap={8}>
            <Header block={found} />
            <Transactions transactions={found.transactions} />
            {number === 0 ? <Notice kind="info">{t('genesisBlock')}</Notice> : <Proof networkId={networkId} number={number} />}
          </Stack>
        )}
      </Query>
    </Stack>
  );
}

function Header({ block }: { readonly block: BlockDetailView }) {
  const t = useTexts('network');
  const hash = (label: string, text: string) => ({ label, value: <Copyable text={text} label={label} /> });
  return (
    <Section title={t('blockTitle', { number: block.number })}>
      <KeyValueList
        columns={2}
        items={[
          { label: t('blockTime'), value: <Time seconds={block.atSeconds} /> },
          hash(t('hash'), block.hash),
          hash(t('parent'), block.parentHash),
          { label: t('epochAndView'), value: `${block.epoch}, ${block.view}` },
          { label: t('gas'), value: <Count value={block.gasUsed} /> },
          hash(t('transactionsRoot'), block.transactionsRoot),
          hash(t('stateRoot'), block.stateRoot),
          hash(t('receiptsRoot'), block.receiptsRoot),
        ]}
      />
    </Section>
  );
}

function Transactions({ transactions }: { readonly transactions: readonly Transaction[] }) {
  const t = useTexts('network');
  return (
    <Section title={t('transactions')}>
      {transactions.length === 0 ? (
        <Text tone="quiet">{t('noTransactions')}</Text>
      ) : (
        <ul className={styles.services} aria-label={t('transactions')}>
          {transactions.map((transaction) => (
            <TransactionEntry key={transaction.hash} transaction={transaction} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function TransactionEntry({
  transaction: { hash, from, to, value, succeeded, gasUsed, logs, ...call },
}: {
  readonly transaction: Transaction;
}) {
  const t = useTexts('network');
  const words = useCallWords();
  return (
    <li className={styles.service}>
      <div className={styles.serviceLine}>
        <span className={styles.serviceName}>{words(call)}</span>
        {value !== '0' && <Amount wei={value} />}
        <Badge tone={succeeded ? 'success' : 'danger'}>{t(succeeded ? 'succeeded' : 'reverted')}</Badge>
      </div>
      <div className={styles.facts}>
        <Copyable text={hash} label={t('hash')} />
        <span>
          {t('from')} <PersonName address={from} />
        </span>
        {to !== null && (
          <span>
            {t('to')}{' '}
            {call.contract === null ? (
              <PersonName address={to} />
            ) : (
              <Copyable text={to} label={t('address')}>
                {t(`contract.${call.contract}`)}
              </Copyable>
            )}
          </span>
        )}
        <span>
          {t('gas')} <Count value={gasUsed} />
        </span>
        <span>{t('logsOfTransaction', { count: logs })}</span>
      </div>
    </li>
  );
}

/** What a transaction does, as far as our contracts tell. */
function useCallWords(): (call: Pick<Transaction, 'kind' | 'contract' | 'method'>) => string {
  const t = useTexts('network');
  return ({ kind, contract, method }) => {
    const key = `does.${contract}.${method}`;
    if (kind === 'call' && hasText('network', key)) return t(key);
    return kind === 'call' && method !== null ? `${contract}: ${method}` : t(`does.${kind}`);
  };
}

function Proof({ networkId, number }: { readonly networkId: string; readonly number: number }) {
  const t = useTexts('network');
  const proof = useCall('ownNetwork.checkBlock', { networkId, number });
  return (
    <Section
      title={t('certificate')}
      lead={t('certificateLead')}
      actions={
        <Button icon={<ShieldCheck />} busy={proof.isFetching} onPress={() => void proof.refetch()}>
          {t('checkIt')}
        </Button>
      }
    >
      <Query result={proof}>{(held) => <Held proof={held} checkedAtMs={proof.dataUpdatedAt} />}</Query>
    </Section>
  );
}

function Held({ proof, checkedAtMs }: { readonly proof: BlockProofView; readonly checkedAtMs: number }) {
  const t = useTexts('network');
  const validators = proof.signers.reduce((sum, { keys }) => sum + keys.length, 0);
  return (
    <Stack gap={4}>
      <Notice kind="success" title={t('isFinal', { quorum: proof.signers.length, groups: proof.groups })}>
        <p>
          {t('checkedAt')} <Time ms={checkedAtMs} />
        </p>
        <ul className={styles.checks}>
          <li>{t('checked.hash')}</li>
          <li>{t('checked.transactions')}</li>
          <li>{t('checked.network')}</li>
          <li>{t('checked.signatures', { count: validators })}</li>
          <li>{t('checked.quorum', { quorum: proof.signers.length, groups: proof.groups })}</li>
        </ul>
        <p>{t('notChecked')}</p>
      </Notice>
      <ShortTable
        label={t('signers')}
        rows={proof.signers}
        rowKey={({ group }) => String(group)}
        columns={[
          { id: 'group', header: t('group'), width: '7rem', cell: ({ group }) => t('groupName', { group: group + 1 }) },
          {
            id: 'count',
            header: t('signed'),
            width: '7rem',
            cell: ({ keys, members }) => t('ofMembers', { signed: keys.length, members }),
          },
          { id: 'keys', header: t('keys'), width: '1fr', cell: ({ keys }) => keys.map(shortHex).join(', ') },
        ]}
      />
      <Text size="small" tone="quiet">
        {t('certificateOf', { epoch: proof.epoch, view: proof.view })}
      </Text>
    </Stack>
  );
}
