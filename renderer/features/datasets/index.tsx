/** The owner's datasets: the list with one beside it, and the import of a file. */
import { useState } from 'react';
import { useLocation, useRoute } from 'wouter';
import type { FileView } from '../../../electron/views.ts';
import { DatasetList } from './dataset-list.tsx';
import { ImportScreen } from './import-screen.tsx';

/** Routes: `/datasets`, `/datasets/:id`, `/datasets/import`, `/datasets/import/for/:requirement`. */
export default function Datasets() {
  const [, navigate] = useLocation();
  const [importing] = useRoute('/datasets/import/*?');
  const [, prepared] = useRoute('/datasets/import/for/:requestId');
  const [, chosen] = useRoute('/datasets/:datasetId');
  const [file, setFile] = useState<FileView | null>(null);

  if (importing) {
    return (
      <ImportScreen
        // Another requirement is another import.
        key={prepared?.requestId ?? ''}
        file={file}
        onFile={setFile}
        requestId={prepared?.requestId ?? null}
        onDone={() => setFile(null)}
      />
    );
  }
  return (
    <DatasetList
      selected={chosen?.datasetId ?? null}
      onFile={(dropped) => {
        setFile(dropped);
        navigate('/datasets/import');
      }}
    />
  );
}
