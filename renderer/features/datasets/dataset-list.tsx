/** The list of datasets. A file may be dropped anywhere on it. */
import { Database, FileUp, Plus } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { Text as DropText, DropZone, isFileDropItem } from 'react-aria-components';
import { useLocation } from 'wouter';
import type { DatasetView, FileView } from '../../../electron/views.ts';
import { dropFile, useCall } from '../../api/client.ts';
import { useTexts } from '../../app/texts.ts';
import {
  Badge,
  Button,
  Bytes,
  Count,
  type DataColumn,
  DataTable,
  EmptyState,
  ErrorPanel,
  LinkButton,
  ListHeader,
  ListPane,
  matches,
  Query,
  SplitView,
  StateBadge,
} from '../../ui/index.ts';
import { DatasetDetail } from './dataset-detail.tsx';
import styles from './dataset-list.module.css';

/** All datasets with the selected one beside them. */
export function DatasetList({ selected, onFile }: { readonly selected: string | null; readonly onFile: (file: FileView) => void }) {
  const t = useTexts('datasets');
  const [, navigate] = useLocation();
  const datasets = useCall('dataset.list', {});
  const [search, setSearch] = useState('');
  return (
    <DropAnywhere label={t('drop-anywhere')} onFile={onFile}>
      <SplitView
        detailLabel={t('detail')}
        onClose={() => navigate('/datasets')}
        detail={selected === null ? null : <DatasetDetail key={selected} datasetId={selected} />}
        list={
          <ListPane
            header={
              <ListHeader
                title={t('title')}
                action={
                  <LinkButton to="/datasets/import" kind="primary" icon={<Plus />}>
                    {t('import')}
                  </LinkButton>
                }
                search={{ label: t('search'), value: search, onChange: setSearch }}
              />
            }
          >
            <Query result={datasets}>
              {(all) => (
                <DatasetTable
                  datasets={all.filter(({ name, fileName, keywords }) => matches(search, name, fileName, ...keywords))}
                  selected={selected}
                  empty={
                    all.length === 0 ? (
                      <EmptyState
                        icon={<Database />}
                        title={t('empty.title')}
                        text={t('empty.text')}
                        action={
                          <Button kind="primary" icon={<FileUp />} onPress={() => navigate('/datasets/import')}>
                            {t('import')}
                          </Button>
                        }
                      />
                    ) : (
                      <EmptyState icon={<Database />} title={t('none-found.title')} text={t('none-found.text', { search })} />
                    )
                  }
                />
              )}
            </Query>
          </ListPane>
        }
      />
    </DropAnywhere>
  );
}

function DatasetTable({
  datasets,
  selected,
  empty,
}: {
  readonly datasets: readonly DatasetView[];
  readonly selected: string | null;
  readonly empty: ReactNode;
}) {
  const t = useTexts('datasets');
  const [, navigate] = useLocation();
  const columns: readonly DataColumn<DatasetView>[] = [
    {
      id: 'name',
      header: t('name'),
      width: '2fr',
      cell: (row: DatasetView) => (
        <span className={styles.name}>
          <strong>{row.name}</strong>
          {row.fileName === row.name ? null : <span className={styles.file}>{row.fileName}</span>}
        </span>
      ),
    },
    { id: 'state', header: t('state'), width: '9rem', cell: (row: DatasetView) => <StateBadge state={row.state} /> },
    { id: 'rows', header: t('rows'), width: '7rem', align: 'end', secondary: true, cell: (row: DatasetView) => <Count value={row.rows} /> },
    {
      id: 'size',
      header: t('size'),
      width: '7rem',
      align: 'end',
      secondary: true,
      cell: (row: DatasetView) => <Bytes value={row.fileBytes} />,
    },
    { id: 'shared', header: t('shared'), width: '9rem', secondary: true, cell: (row: DatasetView) => <SharedBadge dataset={row} /> },
  ];
  return (
    <DataTable
      label={t('title')}
      columns={columns}
      rows={datasets}
      rowKey={(row) => row.datasetId}
      selected={selected}
      onOpen={(row) => navigate(`/datasets/${row.datasetId}`)}
      empty={empty}
    />
  );
}

function SharedBadge({ dataset }: { readonly dataset: DatasetView }) {
  const t = useTexts('datasets');
  if (dataset.offers > 0) return <Badge tone="accent">{t('shared.offers', { count: dataset.offers })}</Badge>;
  return <Badge tone="neutral">{t(dataset.state === 'ready' ? 'shared.can-be' : 'shared.no')}</Badge>;
}

/** The screen as a target for a file; what cannot be taken is said in place of being ignored. */
function DropAnywhere({
  label,
  onFile,
  children,
}: {
  readonly label: string;
  readonly onFile: (file: FileView) => void;
  readonly children: ReactNode;
}) {
  const [problem, setProblem] = useState<Error | null>(null);
  return (
    <DropZone
      className={styles.drop ?? ''}
      aria-label={label}
      onDrop={async ({ items }) => {
        const item = items.find(isFileDropItem);
        if (item === undefined) return;
        try {
          setProblem(null);
          onFile(await dropFile(await item.getFile()));
        } catch (error) {
          setProblem(error instanceof Error ? error : new Error(String(error)));
        }
      }}
    >
      <DropText slot="label" className={styles.dropHint ?? ''}>
        {label}
      </DropText>
      {problem === null ? null : <ErrorPanel error={problem} compact />}
      {children}
    </DropZone>
  );
}
