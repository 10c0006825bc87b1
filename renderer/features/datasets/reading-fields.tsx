/** How the file is read. Each change reads the file again. */
import { memo } from 'react';
import type { ReadingView } from '../../../electron/views.ts';
import { useTexts } from '../../app/texts.ts';
import { Select, Switch } from '../../ui/index.ts';
import styles from './reading-fields.module.css';

const delimiters = [',', ';', '\t', '|'] as const;
const delimiterNames: Record<string, string> = { ',': 'comma', ';': 'semicolon', '\t': 'tab', '|': 'bar' };
const formats = ['calendar', 'epoch-seconds', 'epoch-milliseconds'] as const;
const marks = ['.', ','] as const;
/** Minutes east of UTC of the zones in use. */
const offsets = [
  -720, -660, -600, -570, -540, -480, -420, -360, -300, -240, -210, -180, -120, -60, 0, 60, 120, 180, 210, 240, 270, 300, 330, 345, 360,
  390, 420, 480, 525, 540, 570, 600, 630, 660, 720, 765, 780, 840,
];

/** The fields. */
export const ReadingFields = memo(function ReadingFields({
  reading,
  isDisabled,
  onChange,
}: {
  readonly reading: ReadingView;
  readonly isDisabled: boolean;
  readonly onChange: (reading: ReadingView) => void;
}) {
  const t = useTexts('datasets');
  const { delimiter, header, decimalMark, time } = reading;
  const offered: readonly string[] = delimiters.some((known) => known === delimiter) ? delimiters : [delimiter, ...delimiters];
  return (
    <div className={styles.fields}>
      <Select
        label={t('reading.delimiter')}
        value={delimiter}
        isDisabled={isDisabled}
        onChange={(chosen) => onChange({ ...reading, delimiter: chosen })}
        options={offered.map((mark) => ({ id: mark, label: delimiterNames[mark] ? t(`reading.delimiter.${delimiterNames[mark]}`) : mark }))}
      />
      <Select
        label={t('reading.decimal')}
        value={decimalMark}
        isDisabled={isDisabled}
        onChange={(chosen) => onChange({ ...reading, decimalMark: chosen === ',' ? ',' : '.' })}
        options={marks.map((mark) => ({ id: mark, label: t(mark === '.' ? 'reading.decimal.point' : 'reading.decimal.comma') }))}
      />
      <Select
        label={t('reading.time')}
        value={time.format}
        isDisabled={isDisabled}
        onChange={(chosen) => {
          const format = formats.find((known) => known === chosen);
          if (format !== undefined) onChange({ ...reading, time: { ...time, format } });
        }}
        options={formats.map((format) => ({ id: format, label: t(`reading.time.${format}`) }))}
      />
      {time.format === 'calendar' ? (
        <Select
          label={t('reading.zone')}
          value={String(time.zoneOffsetMinutes)}
          isDisabled={isDisabled}
          onChange={(chosen) => onChange({ ...reading, time: { ...time, zoneOffsetMinutes: Number(chosen) } })}
          options={offsets.map((minutes) => ({ id: String(minutes), label: zoneName(minutes) }))}
        />
      ) : null}
      <Switch isSelected={header} isDisabled={isDisabled} onChange={(chosen) => onChange({ ...reading, header: chosen })}>
        {t('reading.header')}
      </Switch>
    </div>
  );
});

function zoneName(minutes: number): string {
  if (minutes === 0) return 'UTC';
  const size = Math.abs(minutes);
  return `UTC${minutes < 0 ? '−' : '+'}${String(Math.floor(size / 60)).padStart(2, '0')}:${String(size % 60).padStart(2, '0')}`;
}
