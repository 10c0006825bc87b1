/** The builder of a requirement: a sentence that follows what is typed, the fields, what it costs, and the publication. */
import { Plus, Trash2 } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import type { Said } from '../../../electron/language.ts';
import type { RequirementDocumentView } from '../../../electron/views.ts';
import { useCall, useTask } from '../../api/client.ts';
import { useLanguage, useSaid, useTexts } from '../../app/texts.ts';
import {
  Amount,
  Button,
  Card,
  ConfirmDialog,
  ErrorPanel,
  IconButton,
  KeyValueList,
  LinkButton,
  Notice,
  Page,
  PageHeader,
  Section,
  Select,
  Stack,
  Switch,
  shortHex,
  TaskProgress,
  Text,
  TextField,
  toast,
} from '../../ui/index.ts';
import { decimalMarkOf } from './decimal-input.ts';
import { Disclosure } from './disclosure.tsx';
import styles from './requirement-builder.module.css';
import {
  COLUMNS_MAX,
  type ColumnDraft,
  type DraftProblem,
  type DraftReading,
  emptyDraft,
  emptyNumberColumn,
  KEYWORDS_MAX,
  type NumberColumnDraft,
  type PublishRequest,
  type RequirementDraft,
  readDraft,
  withColumn,
  withType,
} from './requirement-draft.ts';
import { RequirementSentence } from './requirement-words.tsx';

/** What is said beside a field, by the field's path. */
type ProblemAt = (path: string) => string | null;

/** The page under /requirements/new. */
export function RequirementBuilder() {
  const t = useTexts('requirements');
  const mark = decimalMarkOf(useLanguage());
  const inWords = useSaid();
  const [draft, setDraft] = useState<RequirementDraft>(() => {
    const fresh = emptyDraft();
    return { ...fresh, bond: fresh.bond.replace('.', mark) };
  });
  const [wasTried, setTried] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const reading = readDraft(draft, mark);
  const verdict = useVerdict(reading.document);
  const publication = usePublication();
  // A field that nobody has filled in yet is only marked once it stands in the way.
  const problemAt: ProblemAt = (path) => {
    const problem = reading.problems.get(path);
    return problem === undefined || (isMissing(problem, path, draft) && !wasTried) ? null : t(`problem.${problem}`);
  };
  const change = (part: Partial<RequirementDraft>) => setDraft({ ...draft, ...part });
  const tryToPublish = () => {
    setTried(true);
    if (reading.request !== null && verdict.problem === null) setAsking(true);
  };
  return (
    <Page width="wide">
      <PageHeader title={t('builderTitle')} lead={t('builderLead')} back={{ to: '/requirements', label: t('title') }} />
      <div className={styles.columns}>
        <Stack gap={8}>
          <div className={styles.sentence}>
            <Card>
              <RequirementSentence document={reading.sketch} />
              <div aria-live="polite">
                {verdict.problem !== null && <Notice kind="danger">{inWords(verdict.problem)}</Notice>}
                {verdict.error !== null && <ErrorPanel error={verdict.error} compact />}
              </div>
            </Card>
          </div>
          <Columns draft={draft} problemAt={problemAt} onChange={setDraft} />
          <RowsAndTime draft={draft} problemAt={problemAt} onChange={change} />
          <Section title={t('keywordsTitle')} lead={t('keywordsLead')}>
            <TextField
              label={t('keywords')}
              value={draft.keywords}
              onChange={(keywords) => change({ keywords })}
              placeholder={t('keywordsExample')}
              help={t('keywordsHelp', { count: KEYWORDS_MAX })}
              problem={problemAt('keywords')}
            />
          </Section>
          <Price draft={draft} problemAt={problemAt} onChange={change} />
        </Stack>
        <aside className={styles.summary} aria-label={t('cost')}>
          <Cost draft={draft} reading={reading} publication={publication} wasTried={wasTried} onPublish={tryToPublish} />
        </aside>
      </div>
      {isAsking && reading.request !== null && (
        <AskToPublish
          request={reading.request}
          escrow={reading.escrow ?? 0n}
          onClose={() => setAsking(false)}
          onPublish={publication.begin}
        />
      )}
    </Page>
  );
}

const typed = ['columns', 'price', 'bond', 'from', 'to'];

/** Whether the problem is only that the field is still empty. */
function isMissing(problem: DraftProblem, path: string, draft: RequirementDraft): boolean {
  return problem === 'empty' || (problem === 'date' && typed.includes(path) && draft[path as 'from' | 'to'] === '');
}

/** What the vault says about the document: whether any data at all can meet it. Asked when the typing pauses. */
function useVerdict(document: RequirementDocumentView | null): { problem: Said | null; error: Error | null } {
  const text = document === null ? null : JSON.stringify(document);
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), 300);
    return () => clearTimeout(timer);
  }, [text]);
  const isSettled = text !== null && settled === text;
  const check = useCall('requirement.check', { document: (document ?? emptyDocument) as RequirementDocumentView }, { enabled: isSettled });
  if (!isSettled) return { problem: null, error: null };
  return { problem: check.data?.problem ?? null, error: check.error };
}

const emptyDocument: RequirementDocumentView = {
  version: 1,
  width: 64,
  columns: [{ type: 'category', name: '-', equals: '-' }],
  minRows: 1,
  keywords: [],
};

function usePublication() {
  const t = useTexts('requirements');
  const [, navigate] = useLocation();
  const task = useTask('requirement.publish');
  const publish = async (request: PublishRequest): Promise<void> => {
    const { requestId, publishedInBlock } = await task.run(request);
    // Without the network it waits in the outbox; only what is final is said to be done.
    if (publishedInBlock !== null) toast({ kind: 'success', text: t('published', { block: publishedInBlock }) });
    navigate(`/requirements/${requestId}`);
  };
  return {
    task,
    begin: (request: PublishRequest): void => {
      publish(request).catch(() => undefined); // the task holds the error, and TaskProgress shows it
    },
  };
}

interface PartProps {
  readonly draft: RequirementDraft;
  readonly problemAt: ProblemAt;
  readonly onChange: (change: Partial<RequirementDraft>) => void;
}

function Columns({ draft, problemAt, onChange }: Omit<PartProps, 'onChange'> & { readonly onChange: (draft: RequirementDraft) => void }) {
  const t = useTexts('requirements');
  const add = () => onChange(withColumn(draft, emptyNumberColumn(Math.max(...draft.columns.map(({ key }) => key)) + 1)));
  return (
    <Section title={t('columnsTitle')} lead={t('columnsLead')}>
      <Stack gap={4}>
        {draft.columns.map((column, index) => (
          <Column
            key={column.key}
            column={column}
            index={index}
            problemAt={(field) => problemAt(`columns.${index}.${field}`)}
            onChange={(changed) => onChange(withColumn(draft, changed))}
            onRemove={
              draft.columns.length === 1
                ? null
                : () => onChange({ ...draft, columns: draft.columns.filter(({ key }) => key !== column.key) })
            }
          />
        ))}
        <div className={styles.start}>
          <Button kind="secondary" icon={<Plus />} isDisabled={draft.columns.length >= COLUMNS_MAX} onPress={add}>
            {t('addColumn')}
          </Button>
        </div>
        <Disclosure title={t('storage')} isOpen={problemAt('width') !== null}>
          <Select
            label={t('width')}
            value={draft.width}
            onChange={(width) => onChange({ ...draft, width: width as RequirementDraft['width'] })}
            options={(['16', '32', '64'] as const).map((id) => ({ id, label: t(`width.${id}`) }))}
            help={t('widthHelp')}
          />
          {problemAt('width') !== null && <Notice kind="danger">{problemAt('width')}</Notice>}
        </Disclosure>
      </Stack>
    </Section>
  );
}

interface ColumnProps<Draft extends ColumnDraft = ColumnDraft> {
  readonly column: Draft;
  readonly problemAt: ProblemAt;
  readonly onChange: (column: ColumnDraft) => void;
}

function Column({
  column,
  index,
  problemAt,
  onChange,
  onRemove,
}: ColumnProps & { readonly index: number; readonly onRemove: (() => void) | null }) {
  const t = useTexts('requirements');
  const title = column.name.trim() === '' ? t('columnNumber', { number: index + 1 }) : column.name;
  return (
    <Card
      title={title}
      actions={onRemove === null ? null : <IconButton label={t('removeColumn', { name: title })} icon={<Trash2 />} onPress={onRemove} />}
    >
      <div className={styles.grid}>
        <TextField
          label={t('columnName')}
          value={column.name}
          onChange={(name) => onChange({ ...column, name })}
          placeholder={t('columnExample')}
          problem={problemAt('name')}
        />
        <Select
          label={t('columnType')}
          value={column.type}
          onChange={(type) => onChange(withType(column, type as ColumnDraft['type']))}
          options={(['number', 'category'] as const).map((id) => ({ id, label: t(`type.${id}`), detail: t(`type.${id}.detail`) }))}
        />
        {column.type === 'number' ? (
          <NumberFields column={column} problemAt={problemAt} onChange={onChange} />
        ) : (
          <TextField
            label={t('equals')}
            value={column.equals}
            onChange={(equals) => onChange({ ...column, equals })}
            help={t('equalsHelp')}
            problem={problemAt('equals')}
          />
        )}
      </div>
    </Card>
  );
}

function NumberFields({ column, problemAt, onChange }: ColumnProps<NumberColumnDraft>) {
  const t = useTexts('requirements');
  const field = (name: 'unit' | 'scale' | 'low' | 'high' | 'meanLow' | 'meanHigh', help?: string) => (
    <TextField
      label={t(name)}
      value={column[name]}
      onChange={(value) => onChange({ ...column, [name]: value })}
      problem={problemAt(name)}
      {...(help === undefined ? {} : { help })}
      {...(column.unit !== '' && !['unit', 'scale'].includes(name) ? { suffix: column.unit } : {})}
    />
  );
  return (
    <>
      {field('low')}
      {field('high')}
      {field('unit', t('unitHelp'))}
      {field('scale', t('scaleHelp'))}
      <div className={styles.whole}>
        <Switch isSelected={column.meanUsed} onChange={(meanUsed) => onChange({ ...column, meanUsed })}>
          {t('meanUsed')}
        </Switch>
      </div>
      {column.meanUsed && (
        <>
          {field('meanLow')}
          {field('meanHigh')}
        </>
      )}
    </>
  );
}

function RowsAndTime({ draft, problemAt, onChange }: PartProps) {
  const t = useTexts('requirements');
  return (
    <Section title={t('rowsTitle')} lead={t('rowsLead')}>
      <div className={styles.grid}>
        <TextField
          label={t('minRows')}
          value={draft.minRows}
          onChange={(minRows) => onChange({ minRows })}
          problem={problemAt('minRows')}
        />
        <div className={styles.whole}>
          <Switch isSelected={draft.timeUsed} onChange={(timeUsed) => onChange({ timeUsed })} help={t('timeUsedHelp')}>
            {t('timeUsed')}
          </Switch>
        </div>
        {draft.timeUsed && (
          <>
            <TextField
              label={t('from')}
              value={draft.from}
              onChange={(from) => onChange({ from })}
              placeholder="2026-01-01"
              help={t('dayHelp')}
              problem={problemAt('from')}
            />
            <TextField
              label={t('to')}
              value={draft.to}
              onChange={(to) => onChange({ to })}
              placeholder="2026-12-31"
              help={t('dayHelp')}
              problem={problemAt('to')}
            />
            <TextField
              label={t('minSpanDays')}
              value={draft.minSpanDays}
              onChange={(minSpanDays) => onChange({ minSpanDays })}
              suffix={t('daysUnit')}
              help={t('minSpanHelp')}
              problem={problemAt('minSpanDays')}
            />
          </>
        )}
      </div>
    </Section>
  );
}

function Price({ draft, problemAt, onChange }: PartProps) {
  const t = useTexts('requirements');
  const identity = useCall('identity.get', {});
  const pseudonyms = identity.data?.pseudonyms ?? [];
  const field = (
    name: 'price' | 'offers' | 'bond' | 'days' | 'grantHours' | 'deliverHours' | 'confirmHours',
    suffix: string | null,
    help: string,
  ) => (
    <TextField
      label={t(name)}
      value={draft[name]}
      onChange={(value) => onChange({ [name]: value })}
      help={help}
      problem={problemAt(name)}
      {...(suffix === null ? {} : { suffix })}
    />
  );
  const windows = ['grantHours', 'deliverHours', 'confirmHours'] as const;
  return (
    <Section title={t('priceTitle')} lead={t('priceLead')}>
      <div className={styles.grid}>
        {field('price', t('coins'), t('priceHelp'))}
        {field('offers', null, t('offersHelp'))}
        {field('days', t('daysUnit'), t('daysHelp'))}
        {field('bond', t('coins'), t('bondHelp'))}
      </div>
      <Disclosure title={t('more')} isOpen={windows.some((name) => problemAt(name) !== null)}>
        <div className={styles.grid}>
          {windows.map((name) => (
            <div key={name}>{field(name, t('hoursUnit'), t(`${name}Help`))}</div>
          ))}
          {pseudonyms.length > 1 && (
            <Select
              label={t('pseudonym')}
              value={String(draft.pseudonymIndex)}
              onChange={(index) => onChange({ pseudonymIndex: Number(index) })}
              options={pseudonyms.map(({ index, address }) => ({ id: String(index), label: shortHex(address) }))}
              help={t('pseudonymHelp')}
            />
          )}
        </div>
      </Disclosure>
    </Section>
  );
}

function Cost({
  draft,
  reading,
  publication: { task },
  wasTried,
  onPublish,
}: {
  readonly draft: RequirementDraft;
  readonly reading: DraftReading;
  readonly publication: ReturnType<typeof usePublication>;
  readonly wasTried: boolean;
  readonly onPublish: () => void;
}) {
  const t = useTexts('requirements');
  const identity = useCall('identity.get', {});
  const { price, escrow, problems } = reading;
  const isEnrolled = identity.data === undefined || identity.data.state === 'enrolled';
  const balance = identity.data?.pseudonyms.find(({ index }) => index === draft.pseudonymIndex)?.balance ?? null;
  const isShort = balance !== null && escrow !== null && BigInt(balance) < escrow;
  return (
    <Card title={t('cost')}>
      <Stack gap={4}>
        <KeyValueList
          items={[
            { label: t('price'), value: price === null ? '…' : <Amount wei={price.toString()} /> },
            { label: t('offersCovered'), value: draft.offers },
            {
              label: t('total'),
              value: <strong>{escrow === null ? '…' : <Amount wei={escrow.toString()} />}</strong>,
            },
            ...(balance === null ? [] : [{ label: t('balance'), value: <Amount wei={balance} /> }]),
          ]}
        />
        <Text size="small" tone="quiet">
          {t('totalHelp')}
        </Text>
        {isShort && <Notice kind="warning">{t('balanceShort')}</Notice>}
        {!isEnrolled && <Notice kind="warning">{t('notEnrolled')}</Notice>}
        {wasTried && problems.size > 0 && <Notice kind="danger">{t('problems', { count: problems.size })}</Notice>}
        <TaskProgress task={task} title={t('publishing')} />
        {task.error !== null && (
          <LinkButton to="/requirements" kind="secondary">
            {t('seeDraft')}
          </LinkButton>
        )}
        {!task.running && (
          <Button kind="primary" isDisabled={!isEnrolled} onPress={onPublish}>
            {t('publish')}
          </Button>
        )}
      </Stack>
    </Card>
  );
}

function AskToPublish({
  request,
  escrow,
  onClose,
  onPublish,
}: {
  readonly request: PublishRequest;
  readonly escrow: bigint;
  readonly onClose: () => void;
  readonly onPublish: (request: PublishRequest) => void;
}) {
  const t = useTexts('requirements');
  return (
    <ConfirmDialog isOpen onClose={onClose} title={t('askTitle')} confirmLabel={t('publish')} onConfirm={() => onPublish(request)}>
      <p>
        <Amount wei={escrow.toString()} /> {t('askText', { count: request.offers })}
      </p>
      <p>{t('askPublic')}</p>
    </ConfirmDialog>
  );
}
