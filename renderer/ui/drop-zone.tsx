/** A place to drop a file on, or to choose one from. */
import { FileUp } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { DropZone as AriaDropZone } from 'react-aria-components';
import type { FileView } from '../../electron/views.ts';
import { CallError, call, dropFile } from '../api/client.ts';
import { useTexts } from '../app/texts.ts';
import { Button } from './button.tsx';
import { classNames } from './class-names.ts';
import styles from './drop-zone.module.css';
import { ErrorPanel } from './feedback.tsx';

export interface DropZoneProps {
  readonly title: string;
  readonly detail?: ReactNode;
  readonly kind: 'data' | 'network' | 'backup';
  readonly onFile: (file: FileView) => void;
  readonly compact?: boolean;
  /** Another way to a file, beside the button. */
  readonly extra?: ReactNode;
}

/** The zone; what goes wrong with a file it says itself. */
export function DropZone({ title, detail, kind, onFile, compact = false, extra }: DropZoneProps) {
  const t = useTexts('ui');
  const [error, setError] = useState<Error | null>(null);
  const [busy, setBusy] = useState(false);
  const take = async (file: Promise<FileView | null>) => {
    setError(null);
    setBusy(true);
    try {
      const view = await file;
      if (view !== null) onFile(view);
    } catch (caught) {
      setError(caught instanceof Error ? caught : new Error(String(caught)));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className={styles.frame}>
      <AriaDropZone
        className={classNames(styles.zone, compact && styles.compact)}
        aria-label={title}
        getDropOperation={() => 'copy'}
        onDrop={(event) => {
          const dropped = event.items.filter((item) => item.kind === 'file');
          if (dropped.length !== 1 || dropped[0] === undefined) {
            const isFolder = event.items.some((item) => item.kind === 'directory');
            const key = isFolder ? 'drop.folder' : 'drop.one';
            const code = isFolder ? 'FILE_IS_FOLDER' : 'FILE_NOT_ONE';
            setError(new CallError({ code, what: t(key), consequence: t('drop.nothing'), remedy: t(`${key}.remedy`), data: {} }));
            return;
          }
          void take(dropped[0].getFile().then(dropFile));
        }}
      >
        <FileUp className={styles.icon} />
        <div className={styles.text}>
          <p className={styles.title}>{title}</p>
          {detail !== undefined && <p className={styles.detail}>{detail}</p>}
        </div>
        <div className={styles.actions}>
          <Button kind="primary" busy={busy} onPress={() => void take(call('file.choose', { kind }))}>
            {t('drop.choose')}
          </Button>
          {extra}
        </div>
      </AriaDropZone>
      <ErrorPanel error={error} />
    </div>
  );
}
