/** The dry run: each predicate on the user's own data, before anything leaves this machine. */
import { Check, FlaskConical, X } from 'lucide-react';
import { useId, useState } from 'react';
import type { DryRunView } from '../../../electron/views.ts';
import { useTask } from '../../api/client.ts';
import { hasText, useLanguage, useTexts } from '../../app/texts.ts';
import {
  Amount,
  Button,
  Bytes,
  Count,
  formatCount,
  Notice,
  PersonName,
  Row,
  Section,
  Stack,
  TaskProgress,
  Text,
  VisuallyHidden,
} from '../../ui/index.ts';
import styles from './dry-run.module.css';
import { type Predicate, predicateWords } from './dry-run-words.ts';

const rowsAtFirst = 10;

/** The button and, once it ran, the outcome. */
export function DryRun({
  requestId,
  datasetId,
  onResult,
}: {
  readonly requestId: string;
  readonly datasetId: string;
  readonly onResult: (result: DryRunView) => void;
}) {
  const t = useTexts('open-requirements');
  const run = useTask('offer.dryRun');
  return (
    <Section title={t('dry-run.title')} lead={t('dry-run.lead')}>
      <Stack gap={4}>
        <Row>
          <Button
            kind={run.value === undefined ? 'primary' : 'secondary'}
            icon={<FlaskConical />}
            busy={run.running}
            onPress={() => run.run({ requestId, datasetId }).then(onResult, () => undefined)} // shown below
          >
            {t(run.value === undefined ? 'dry-run.start' : 'dry-run.again')}
          </Button>
        </Row>
        {run.running || run.error !== null ? <TaskProgress task={run} title={t('dry-run.running')} /> : null}
        {run.value === undefined ? null : <Outcome result={run.value} />}
      </Stack>
    </Section>
  );
}

function Outcome({ result: { holds, predicates, becomesPublic } }: { readonly result: DryRunView }) {
  const t = useTexts('open-requirements');
  const failing = predicates.filter((predicate) => !predicate.holds).length;
  return (
    <Stack gap={4}>
      <Notice kind={holds ? 'success' : 'danger'} title={t(holds ? 'dry-run.meets' : 'dry-run.fails')}>
        {holds ? t('dry-run.meets-text') : t('dry-run.fails-text', { count: failing })}
      </Notice>
      <ul className={styles.predicates} aria-label={t('dry-run.predicates')}>
        {predicates.map((predicate, index) => (
          <PredicateRow key={`${predicate.kind} ${predicate.column ?? ''} ${predicate.keyword ?? index}`} predicate={predicate} />
        ))}
      </ul>
      {holds && becomesPublic.length > 0 ? (
        <section className={styles.public}>
          <h3>{t('public.title')}</h3>
          <Text tone="quiet" size="small">
            {t('public.lead')}
          </Text>
          <dl>
            {becomesPublic.map(({ what, value }) =>
              value === '' ? null : (
                <div key={what}>
                  <dt>{hasText('open-requirements', `public.${what}`) ? t(`public.${what}`) : what}</dt>
                  <dd>
                    <PublicValue what={what} value={value} predicates={predicates} />
                  </dd>
                </div>
              ),
            )}
          </dl>
        </section>
      ) : null}
    </Stack>
  );
}

/** A public fact as a reader knows it; the service says it in plain figures. */
function PublicValue({
  what,
  value,
  predicates,
}: {
  readonly what: string;
  readonly value: string;
  readonly predicates: readonly Predicate[];
}) {
  const t = useTexts('open-requirements');
  const language = useLanguage();
  if (what === 'price') return <Amount wei={value} />;
  if (what === 'owner' || what === 'consumer') return <PersonName address={value} />;
  if (what === 'rows' || what === 'segments') return <Count value={Number(value)} />;
  if (what === 'ciphertext-bytes') return <Bytes value={Number(value)} />;
  if (what === 'result') return t(value === 'holds' ? 'public.result.holds' : 'public.result.nothing');
  if (what !== 'ranges') return value;
  return predicates
    .filter(({ kind }) => kind === 'range' || kind === 'mean')
    .map((predicate) => predicateWords(predicate, (key, values) => t(key, values ?? {}), language))
    .map(({ title, asked }) => `${title}: ${asked}`)
    .join('; ');
}

function PredicateRow({ predicate }: { readonly predicate: Predicate }) {
  const t = useTexts('open-requirements');
  const language = useLanguage();
  const id = useId();
  const [open, setOpen] = useState(false);
  const { holds, failingCount, failingRows } = predicate;
  const { title, asked, found } = predicateWords(predicate, (key, values) => t(key, values ?? {}), language);
  const rows = open ? failingRows : failingRows.slice(0, rowsAtFirst);
  return (
    <li className={styles.predicate} data-holds={holds}>
      <span className={styles.mark}>{holds ? <Check /> : <X />}</span>
      <div className={styles.body}>
        <p className={styles.predicateTitle}>
          <VisuallyHidden>{t(holds ? 'dry-run.holds' : 'dry-run.does-not-hold')}</VisuallyHidden> {title}
        </p>
        <p className={styles.compared}>
          <span>{t('dry-run.asked', { asked })}</span>
          <span>{t('dry-run.found', { found })}</span>
        </p>
        {failingCount === 0 ? null : (
          <div>
            <p className={styles.failing}>{t('dry-run.failing', { count: failingCount, rows: formatCount(failingCount, language) })}</p>
            <ul id={id} className={styles.rows}>
              {rows.map(({ row, value }) => (
                <li key={row}>
                  <span>{t('dry-run.row', { row: formatCount(row, language) })}</span>
                  <code>{value === '' ? t('dry-run.missing') : value}</code>
                </li>
              ))}
            </ul>
            {failingRows.length > rowsAtFirst ? (
              <Button kind="quiet" size="small" aria-expanded={open} aria-controls={id} onPress={() => setOpen(!open)}>
                {open ? t('dry-run.fewer') : t('dry-run.more', { count: failingRows.length - rowsAtFirst })}
              </Button>
            ) : null}
          </div>
        )}
      </div>
    </li>
  );
}
