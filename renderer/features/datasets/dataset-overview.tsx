/** The facts of a dataset and its columns; hashes are one click away. */
import { useId, useState } from 'react';
import type { DatasetView } from '../../../electron/views.ts';
import { useLanguage, useTexts } from '../../app/texts.ts';
import {
  Badge,
  Button,
  Bytes,
  Copyable,
  Count,
  formatCount,
  KeyValueList,
  PersonName,
  Row,
  Section,
  Stack,
  Text,
  Time,
} from '../../ui/index.ts';
import styles from './dataset-overview.module.css';

/** The tab. */
export function DatasetOverview({ dataset }: { readonly dataset: DatasetView }) {
  const t = useTexts('datasets');
  const language = useLanguage();
  const { fileName, fileBytes, rows, columns, keywords, createdAtMs, owner, recordedInBlock } = dataset;
  return (
    <Stack gap={6}>
      <KeyValueList
        items={[
          { label: t('fact.file'), value: fileName },
          { label: t('size'), value: <Bytes value={fileBytes} /> },
          { label: t('rows'), value: <Count value={rows} /> },
          { label: t('fact.imported'), value: <Time ms={createdAtMs} /> },
          { label: t('fact.owner'), value: <PersonName address={owner} />, help: t('fact.owner-help') },
          {
            label: t('fact.recorded'),
            value: recordedInBlock === null ? t('fact.not-recorded') : t('step.final', { block: formatCount(recordedInBlock, language) }),
          },
          {
            label: t('naming.keywords'),
            value:
              keywords.length === 0 ? (
                t('fact.no-keywords')
              ) : (
                <Row gap={1} wrap>
                  {keywords.map((keyword) => (
                    <Badge key={keyword} tone="neutral">
                      {keyword}
                    </Badge>
                  ))}
                </Row>
              ),
          },
        ]}
      />
      <Section title={t('columns.title')}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways must be reachable by keyboard */}
        <section className={styles.scroll} aria-label={t('columns.table')} tabIndex={0}>
          <table className={styles.columns}>
            <thead>
              <tr>
                <th scope="col">{t('columns.name')}</th>
                <th scope="col">{t('columns.type')}</th>
                <th scope="col">{t('columns.unit')}</th>
                <th scope="col">{t('columns.scale')}</th>
                <th scope="col">{t('columns.width')}</th>
              </tr>
            </thead>
            <tbody>
              {columns.map(({ source, name, type, unit, scale, width }) => (
                <tr key={source}>
                  <th scope="row">{name}</th>
                  <td>{t(`type.${type}`)}</td>
                  <td>{type === 'text' || unit === '' ? '—' : unit}</td>
                  <td>{type === 'number' ? scale : '—'}</td>
                  <td>{type === 'text' ? t('columns.not-promised') : t('columns.bits', { count: width })}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </Section>
      <Hashes dataset={dataset} />
    </Stack>
  );
}

function Hashes({ dataset }: { readonly dataset: DatasetView }) {
  const t = useTexts('datasets');
  const [open, setOpen] = useState(false);
  const id = useId();
  const { datasetId, fileSha256, datasetRoot, headerHash, ciphertextHash } = dataset;
  const shown = (value: string | null) => (value === null ? t('fact.not-yet') : <Copyable text={value} short />);
  return (
    <Stack gap={3}>
      <Row>
        <Button kind="secondary" size="small" onPress={() => setOpen(!open)} aria-expanded={open} aria-controls={id}>
          {t(open ? 'hash.hide' : 'hash.show')}
        </Button>
      </Row>
      <div id={id} hidden={!open}>
        <Stack gap={3}>
          <Text tone="quiet" size="small">
            {t('hash.lead')}
          </Text>
          <KeyValueList
            items={[
              { label: t('hash.id'), value: shown(datasetId), help: t('hash.id-help') },
              { label: t('hash.file'), value: shown(fileSha256), help: t('hash.file-help') },
              { label: t('hash.root'), value: shown(datasetRoot), help: t('hash.root-help') },
              { label: t('hash.header'), value: shown(headerHash), help: t('hash.header-help') },
              { label: t('hash.ciphertext'), value: shown(ciphertextHash), help: t('hash.ciphertext-help') },
            ]}
          />
        </Stack>
      </div>
    </Stack>
  );
}
