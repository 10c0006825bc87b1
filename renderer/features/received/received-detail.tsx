/** One received file: its rows, its course, whether it is what the chain says, a copy as a file, and the release of the price. */
import { FileDown } from 'lucide-react';
import { useCallback, useMemo, useState } from 'react';
import type { ReceivedView, TablePlace } from '../../../electron/views.ts';
import { call, useCall, useTask } from '../../api/client.ts';
import { useLanguage, useTexts } from '../../app/texts.ts';
import { localInteger } from '../../model/figures.ts';
import {
  Amount,
  Button,
  Bytes,
  ConfirmDialog,
  Copyable,
  Count,
  DetailPane,
  Due,
  ErrorPanel,
  KeyValueList,
  Notice,
  PagedTable,
  PersonName,
  Tabs,
  TaskProgress,
  toast,
} from '../../ui/index.ts';
import { buyerTurn, isDone } from '../requirements/buyer-turn.ts';
import { useNowSeconds } from '../requirements/now.ts';
import { PaymentBadge } from './payment-badge.tsx';
import styles from './received.module.css';
import { ReceivedChart } from './received-chart.tsx';
import { ReceivedChecks } from './received-checks.tsx';

/** The detail beside the list. */
export function ReceivedDetail({ received, onClose }: { readonly received: ReceivedView; readonly onClose: () => void }) {
  const t = useTexts('received');
  const language = useLanguage();
  const { offerId, fileName, rows, state } = received;
  const [tab, setTab] = useState('table');
  const place = useMemo<TablePlace>(() => ({ kind: 'received', offerId }), [offerId]);
  const saving = useTask('received.save');
  const save = async () => {
    const { path } = await saving.run({ offerId });
    if (path !== null) toast({ kind: 'success', text: t('saved', { path }) });
  };
  return (
    <DetailPane
      title={fileName}
      badge={<PaymentBadge state={state} />}
      lead={t('rowsCount', { count: rows, rows: localInteger(rows, language) })}
      onClose={onClose}
      fills
      actions={
        <Button
          kind="secondary"
          icon={<FileDown />}
          busy={saving.running}
          onPress={() => {
            save().catch(() => undefined); // the task holds the error, and TaskProgress shows it
          }}
        >
          {t('save')}
        </Button>
      }
    >
      <div className={styles.detail}>
        <TaskProgress task={saving} />
        <Payment offerId={offerId} />
        <Tabs
          label={fileName}
          selected={tab}
          onSelect={setTab}
          tabs={[
            { id: 'table', label: t('table'), fills: true, content: <Rows received={received} place={place} /> },
            { id: 'chart', label: t('chart'), content: <ReceivedChart columns={received.columns} place={place} /> },
            { id: 'checks', label: t('checks'), content: <ReceivedChecks offerId={offerId} /> },
            { id: 'about', label: t('about'), content: <About received={received} /> },
          ]}
        />
      </div>
    </DetailPane>
  );
}

/** The data is here and checked: what is left is to let the owner have the price. */
function Payment({ offerId }: { readonly offerId: string }) {
  const t = useTexts('received');
  const now = useNowSeconds();
  const offer = useCall('offer.get', { offerId });
  const confirming = useTask('purchase.confirm');
  const [isAsking, setAsking] = useState(false);
  const confirm = async () => {
    // One that waits for the network is not done.
    if (isDone('confirm', await confirming.run({ offerId }))) toast({ kind: 'success', text: t('confirmed') });
  };
  const progress = (
    <>
      <TaskProgress task={confirming} title={t('confirming')} />
      {!confirming.running && <ErrorPanel error={offer.data?.obstacle} compact />}
    </>
  );
  if (offer.data === undefined || buyerTurn(offer.data, now).next !== 'confirm') return progress;
  const { dueAt, price } = offer.data;
  return (
    <>
      <Notice
        kind="info"
        title={t('confirmTitle')}
        action={
          <Button kind="primary" isDisabled={confirming.running} onPress={() => setAsking(true)}>
            {t('confirm')}
          </Button>
        }
      >
        {t('confirmText')} {dueAt !== null && <Due seconds={dueAt} />}
      </Notice>
      {progress}
      <ConfirmDialog
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        title={t('confirmAsk')}
        confirmLabel={t('confirm')}
        onConfirm={() => {
          confirm().catch(() => undefined); // the task holds the error, and TaskProgress shows it
        }}
      >
        <p>
          <Amount wei={price} /> {t('confirmConsequence')}
        </p>
      </ConfirmDialog>
    </>
  );
}

function Rows({ received, place }: { readonly received: ReceivedView; readonly place: TablePlace }) {
  const loadPage = useCallback(async (offset: number, count: number) => (await call('table.rows', { place, offset, count })).rows, [place]);
  return (
    <PagedTable
      label={received.fileName}
      tableKey={received.offerId}
      totalRows={received.rows}
      rowNumbers
      headers={received.columns.map(({ name, unit, type }) => ({ label: name, detail: unit, align: type === 'number' ? 'end' : 'start' }))}
      loadPage={loadPage}
    />
  );
}

function About({ received }: { readonly received: ReceivedView }) {
  const t = useTexts('received');
  return (
    <KeyValueList
      items={[
        { label: t('file'), value: received.fileName },
        { label: t('size'), value: <Bytes value={received.fileBytes} /> },
        { label: t('rows'), value: <Count value={received.rows} /> },
        { label: t('owner'), value: <PersonName address={received.owner} /> },
        { label: t('sha256'), value: <Copyable text={received.fileSha256} label={t('sha256')} />, help: t('sha256Help') },
        { label: t('datasetId'), value: <Copyable text={received.datasetId} label={t('datasetId')} /> },
        { label: t('requestId'), value: <Copyable text={received.requestId} label={t('requestId')} /> },
        { label: t('offerId'), value: <Copyable text={received.offerId} label={t('offerId')} /> },
      ]}
    />
  );
}
