/** Importing a file: choose it, see how it is read, decide about its columns, import. */
import { FileSpreadsheet, Sparkles } from 'lucide-react';
import { startTransition, useCallback, useEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import type { DatasetView, FileView, InspectionView, ReadingView } from '../../../electron/views.ts';
import { useAction, useCall, useTask } from '../../api/client.ts';
import { useLanguage, useTexts } from '../../app/texts.ts';
import {
  Button,
  DropZone,
  ErrorPanel,
  formatCount,
  Notice,
  Page,
  PageHeader,
  Query,
  Section,
  Stack,
  TaskProgress,
  toast,
} from '../../ui/index.ts';
import { RequirementWords } from '../open-requirements/requirement-words.tsx';
import { ImportForm } from './import-form.tsx';

/** `requestId`: the requirement that the file is prepared for. The file outlives this screen, so that a look elsewhere loses nothing. */
export function ImportScreen({
  file,
  onFile,
  requestId,
  onDone,
}: {
  readonly file: FileView | null;
  readonly onFile: (file: FileView | null) => void;
  readonly requestId: string | null;
  readonly onDone: () => void;
}) {
  const t = useTexts('datasets');
  const language = useLanguage();
  const [, navigate] = useLocation();
  const sample = useAction('file.sample');
  const done = (dataset: DatasetView) => {
    onDone();
    toast({
      kind: 'success',
      text: t('import.done', { name: dataset.name, count: dataset.rows, rows: formatCount(dataset.rows, language) }),
      ...(requestId === null ? {} : { action: { label: t('import.back-to-requirement'), to: `/open-requirements/${requestId}` } }),
    });
    navigate(`/datasets/${dataset.datasetId}`);
  };
  return (
    <Page width="full">
      <PageHeader
        title={file === null ? t('import.title') : t('import.title-of', { file: file.name })}
        lead={t('import.lead')}
        back={
          requestId === null
            ? { to: '/datasets', label: t('title') }
            : { to: `/open-requirements/${requestId}`, label: t('import.requirement') }
        }
        actions={
          file === null ? null : (
            <Button kind="quiet" onPress={() => onFile(null)}>
              {t('import.other-file')}
            </Button>
          )
        }
      />
      <Stack gap={6}>
        {requestId === null ? null : <AskedFor requestId={requestId} />}
        {file === null ? (
          <>
            <DropZone
              kind="data"
              title={t('import.drop')}
              detail={t('import.formats')}
              onFile={onFile}
              extra={
                <Button
                  kind="quiet"
                  icon={<Sparkles />}
                  busy={sample.running}
                  onPress={() => sample.run({}).then(onFile, () => undefined)} // shown below
                >
                  {t('import.sample')}
                </Button>
              }
            />
            <ErrorPanel error={sample.error} />
          </>
        ) : (
          <Inspected key={file.token} file={file} requestId={requestId} onDone={done} />
        )}
      </Stack>
    </Page>
  );
}

function AskedFor({ requestId }: { readonly requestId: string }) {
  const t = useTexts('datasets');
  const requirement = useCall('requirement.get', { requestId });
  return (
    <Query result={requirement}>
      {({ document }) =>
        document === null ? (
          <Notice kind="warning">{t('import.no-words')}</Notice>
        ) : (
          <Section title={t('import.asked')}>
            <RequirementWords document={document} />
          </Section>
        )
      }
    </Query>
  );
}

/** Inspects the file as it is read by itself, and again whenever the user says otherwise. */
function Inspected({
  file,
  requestId,
  onDone,
}: {
  readonly file: FileView;
  readonly requestId: string | null;
  readonly onDone: (dataset: DatasetView) => void;
}) {
  const t = useTexts('datasets');
  const inspect = useTask('file.inspect');
  const requirement = useCall('requirement.get', { requestId: requestId ?? '' }, { enabled: requestId !== null });
  const [inspection, setInspection] = useState<InspectionView | null>(null);
  const { token } = file;
  const latest = useRef(inspect.run);
  latest.current = inspect.run;
  const read = useCallback(
    (reading: Partial<ReadingView>) => {
      latest.current({ file: token, reading }).then(
        // A form with many columns is drawn in pieces, between which the window answers.
        (found) => startTransition(() => setInspection(found)),
        () => undefined, // shown from the task's error
      );
    },
    [token],
  );
  const begun = useRef(false);
  useEffect(() => {
    // Once, also where effects run twice.
    if (begun.current) return;
    begun.current = true;
    read({});
  }, [read]);

  const waiting = requestId !== null && requirement.isPending;
  return (
    <Stack gap={6}>
      {inspect.running ? <TaskProgress task={inspect} title={t('import.inspecting', { file: file.name })} /> : null}
      {inspect.error === null ? null : <ErrorPanel error={inspect.error} onRetry={() => read(inspection?.reading ?? {})} />}
      {inspection === null || waiting ? (
        inspect.running || inspect.error !== null ? null : (
          <FileSpreadsheet />
        )
      ) : (
        <ImportForm
          // What was decided about columns belongs to one way of reading the file.
          key={JSON.stringify(inspection.reading)}
          inspection={inspection}
          requirement={requirement.data ?? null}
          rereading={inspect.running}
          onReading={read}
          onDone={onDone}
        />
      )}
    </Stack>
  );
}
