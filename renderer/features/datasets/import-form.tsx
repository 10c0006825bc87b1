/** One page about a file: how it is read, its columns, what stays private, keywords and name; then the import. */
import { Eye, EyeOff } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { ColumnView, DatasetView, InspectionView, ReadingView, RequirementView } from '../../../electron/views.ts';
import { useCall, useTask } from '../../api/client.ts';
import { useLanguage, useTexts } from '../../app/texts.ts';
import {
  Badge,
  Button,
  ErrorPanel,
  formatCount,
  Notice,
  Row,
  Section,
  Select,
  Stack,
  shortHex,
  TaskProgress,
  Text,
  TextField,
} from '../../ui/index.ts';
import { type ColumnReport, columnProblems, keywordsOf, keywordsProblem, planProblem, prepareFor, reportKey } from './column-plan.ts';
import { ColumnTable } from './column-table.tsx';
import styles from './import-form.module.css';
import { ReadingFields } from './reading-fields.tsx';

const quietMs = 500;

/** What each column's report is as far as it was measured, measuring what is missing when the user has paused. */
function useReports(inspection: InspectionView, columns: readonly ColumnView[], sound: boolean) {
  const preview = useTask('file.preview');
  const [known, setKnown] = useState<ReadonlyMap<string, ColumnReport>>(() => keyed(inspection.columns, inspection.report));
  const missing = columns.some((column) => column.type !== 'text' && !known.has(reportKey(column)));
  const wanted = columns.map(reportKey).join(' ');
  const latest = useRef({ preview, columns });
  latest.current = { preview, columns };
  // A measurement that was refused is not repeated until the choice is another one.
  const refused = useRef('');
  useEffect(() => {
    if (!missing || !sound || refused.current === wanted) return;
    const timer = setTimeout(() => {
      const { preview: task, columns: measured } = latest.current;
      task.run({ file: inspection.file.token, columns: [...measured], reading: inspection.reading }).then(
        ({ report }) => setKnown((before) => new Map([...before, ...keyed(measured, report)])),
        () => {
          refused.current = wanted; // the error itself is shown from the task
        },
      );
    }, quietMs);
    return () => clearTimeout(timer);
  }, [missing, sound, wanted, inspection]);
  return { preview, missing, of: useCallback((column: ColumnView) => known.get(reportKey(column)), [known]) };
}

function keyed(columns: readonly ColumnView[], report: readonly ColumnReport[]): Map<string, ColumnReport> {
  return new Map(
    columns.flatMap((column): [string, ColumnReport][] => {
      const entry = report.find(({ source }) => source === column.source);
      return entry === undefined ? [] : [[reportKey(column), entry]];
    }),
  );
}

/** The form. Its choices about columns begin from the inspection, or from what the requirement asks for. */
export function ImportForm({
  inspection,
  requirement,
  rereading,
  onReading,
  onDone,
}: {
  readonly inspection: InspectionView;
  readonly requirement: RequirementView | null;
  readonly rereading: boolean;
  readonly onReading: (reading: ReadingView) => void;
  readonly onDone: (dataset: DatasetView) => void;
}) {
  const t = useTexts('datasets');
  const language = useLanguage();
  const document = requirement?.document ?? null;
  const prepared = useMemo(
    () => (document === null ? { columns: inspection.columns, mismatches: [] } : prepareFor(document, inspection)),
    [document, inspection],
  );
  const [columns, setColumns] = useState<readonly ColumnView[]>(prepared.columns);
  const [name, setName] = useState(() => inspection.file.name.replace(/\.[^.]+$/, ''));
  const [keywordText, setKeywordText] = useState(document?.keywords.join(', ') ?? '');
  const [pseudonym, setPseudonym] = useState('0');
  const identity = useCall('identity.get', {});
  const importing = useTask('dataset.import');

  // Least and greatest values do not depend on the choice, so those of the inspection tell early what will not fit.
  // Progress is told ten times a second, and must not draw the table of the columns anew: what it gets stays the same object.
  const problems = useMemo(
    () => columnProblems(columns, (source) => inspection.report.find((entry) => entry.source === source)),
    [columns, inspection],
  );
  const changeColumn = useCallback(
    (changed: ColumnView) => setColumns((before) => before.map((column) => (column.source === changed.source ? changed : column))),
    [],
  );
  const plan = planProblem(columns);
  const reports = useReports(inspection, columns, problems.length === 0 && plan === null);
  const keywords = keywordsOf(keywordText);
  const keywordProblem = keywordsProblem(keywords);
  const pseudonyms = identity.data?.pseudonyms ?? [];
  const promised = columns.filter(({ type }) => type !== 'text');
  const rounded = promised.filter((column) => (reports.of(column)?.rounded ?? 0) > 0).length;
  const blocked = problems.length > 0 || plan !== null || keywordProblem !== null || name.trim() === '' || rereading;

  const start = () =>
    importing
      .run({
        file: inspection.file.token,
        name: name.trim(),
        columns: [...columns],
        reading: inspection.reading,
        keywords: [...keywords],
        pseudonymIndex: Number(pseudonym),
      })
      .then(onDone, () => undefined); // shown from the task's error

  return (
    <Stack gap={8}>
      <Section
        title={t('reading.title')}
        lead={t('reading.lead', { count: inspection.rows, rows: formatCount(inspection.rows, language) })}
      >
        <ReadingFields reading={inspection.reading} isDisabled={rereading || importing.running} onChange={onReading} />
      </Section>
      <Section title={t('columns.title')} lead={t('columns.lead')}>
        <Stack gap={3}>
          {prepared.mismatches.map(({ column, key, values }) => (
            <Notice key={`${column} ${key}`} kind="warning">
              {t(`mismatch.${key}`, { column, ...values })}
            </Notice>
          ))}
          {document !== null && prepared.mismatches.length === 0 ? <Notice kind="success">{t('mismatch.none')}</Notice> : null}
          {plan === null ? null : <Notice kind="danger">{t(`plan.${plan}`)}</Notice>}
          {reports.preview.error === null ? null : <ErrorPanel error={reports.preview.error} compact />}
          {rounded > 0 ? <Notice kind="info">{t('columns.rounding', { count: rounded })}</Notice> : null}
          <ColumnTable
            columns={columns}
            inspection={inspection}
            problems={problems}
            reportOf={reports.of}
            measuring={reports.preview.running}
            onChange={changeColumn}
          />
          {reports.preview.running ? <TaskProgress task={reports.preview} title={t('columns.measuring')} /> : null}
        </Stack>
      </Section>
      <div className={styles.pair}>
        <Section title={t('privacy.title')}>
          <ul className={styles.facts}>
            {['values', 'file', 'columns', 'text', 'keywords'].map((fact) => (
              <li key={fact}>
                <EyeOff />
                <span>{t(`privacy.${fact}`)}</span>
              </li>
            ))}
          </ul>
        </Section>
        <Section title={t('public.title')}>
          <ul className={styles.facts}>
            {['record', 'size', 'proof'].map((fact) => (
              <li key={fact}>
                <Eye />
                <span>{t(`public.${fact}`)}</span>
              </li>
            ))}
          </ul>
        </Section>
      </div>
      <Section title={t('naming.title')}>
        <div className={styles.pair}>
          <TextField
            label={t('naming.name')}
            value={name}
            onChange={setName}
            help={t('naming.name-help')}
            isRequired
            {...(name.trim() === '' ? { problem: t('naming.name-empty') } : {})}
          />
          <Stack gap={2}>
            <TextField
              label={t('naming.keywords')}
              value={keywordText}
              onChange={setKeywordText}
              help={t('naming.keywords-help')}
              {...(keywordProblem === null ? {} : { problem: t(`naming.${keywordProblem}`) })}
            />
            <Row gap={1} wrap>
              {keywords.map((keyword) => (
                <Badge key={keyword} tone="neutral">
                  {keyword}
                </Badge>
              ))}
            </Row>
          </Stack>
          {pseudonyms.length > 1 ? (
            <Select
              label={t('naming.pseudonym')}
              value={pseudonym}
              onChange={setPseudonym}
              help={t('naming.pseudonym-help')}
              options={pseudonyms.map(({ index, address }) => ({ id: String(index), label: shortHex(address) }))}
            />
          ) : null}
        </div>
      </Section>
      <div className={styles.end}>
        {importing.running || importing.error !== null ? <TaskProgress task={importing} title={t('import.running', { name })} /> : null}
        <Row align="center" gap={4}>
          <Button kind="primary" onPress={start} busy={importing.running} isDisabled={blocked}>
            {t('import.start', { count: inspection.rows, rows: formatCount(inspection.rows, language) })}
          </Button>
          <Text tone="quiet" size="small">
            {blocked ? t('import.blocked') : t('import.offline')}
          </Text>
        </Row>
      </div>
    </Stack>
  );
}
