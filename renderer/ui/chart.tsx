/** A series over time or rows: one line, or the band between the least and the greatest value of each bucket. Drawn by uPlot in the theme's colours. */
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useLanguage, useTexts } from '../app/texts.ts';
import { Button } from './button.tsx';
import styles from './chart.module.css';

export interface ChartProps {
  readonly label: string;
  /** What the picture shows, in words, for who does not see it. */
  readonly description: string;
  readonly axis: 'time' | 'row';
  /** Milliseconds, or row numbers. */
  readonly at: readonly number[];
  /** Left out where each place has one value. */
  readonly minimum?: readonly (number | null)[];
  readonly maximum: readonly (number | null)[];
  readonly unit?: string;
  /** A part that was drawn over, or nulls for the whole again. */
  readonly onRange?: (from: number | null, to: number | null) => void;
  readonly zoomed?: boolean;
}

/** The chart; as wide as its parent. */
export function Chart({ label, description, axis, at, minimum, maximum, unit = '', onRange, zoomed = false }: ChartProps) {
  const t = useTexts('ui');
  const language = useLanguage();
  const place = useRef<HTMLDivElement>(null);
  const range = useRef(onRange);
  useEffect(() => {
    range.current = onRange;
  });
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const scale = axis === 'time' ? 1000 : 1;
    const number = new Intl.NumberFormat(language, { maximumSignificantDigits: 6 });
    // A value between gaps is no line: it is seen as a point.
    const isSparse = maximum.filter((value) => value !== null).length < maximum.length / 2;
    const line = (name: string, colour: string): uPlot.Series => ({
      label: name,
      stroke: colour,
      width: 1.25,
      points: { show: isSparse, size: 5 },
      value: (_, shown) => (shown === null ? '' : `${number.format(shown)} ${unit}`),
    });
    let plot: uPlot | undefined;
    const draw = () => {
      plot?.destroy();
      const style = getComputedStyle(element);
      const value = (name: string) => style.getPropertyValue(name).trim();
      const axisStyle = {
        stroke: value('--text-quiet'),
        grid: { stroke: value('--chart-grid'), width: 1 },
        ticks: { stroke: value('--chart-grid'), width: 1, size: 4 },
        font: `${value('--size-1')} ${value('--font-text')}`,
      };
      plot = new uPlot(
        {
          width: Math.max(1, element.clientWidth),
          height: Math.max(1, element.clientHeight - 32),
          padding: [12, 12, 0, 4],
          cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
          scales: { x: { time: axis === 'time' } },
          axes: [axisStyle, { ...axisStyle, size: 60, values: (_, splits) => splits.map((split) => number.format(split)) }],
          series: [
            axis === 'time' ? { label: t('chart.time') } : { label: t('table.row') },
            line(minimum === undefined ? label : t('chart.maximum'), value('--chart-line')),
            ...(minimum === undefined ? [] : [line(t('chart.minimum'), value('--chart-line'))]),
          ],
          bands: minimum === undefined ? [] : [{ series: [1, 2], fill: value('--chart-band') }],
          hooks: {
            setSelect: [
              (self) => {
                if (self.select.width < 4 || range.current === undefined) return;
                const from = self.posToVal(self.select.left, 'x') * scale;
                const to = self.posToVal(self.select.left + self.select.width, 'x') * scale;
                self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
                range.current(from, to);
              },
            ],
          },
        },
        [at.map((value) => value / scale), [...maximum], ...(minimum === undefined ? [] : [[...minimum]])],
        element,
      );
    };
    draw();
    const sizes = new ResizeObserver(() =>
      plot?.setSize({ width: Math.max(1, element.clientWidth), height: Math.max(1, element.clientHeight - 32) }),
    );
    sizes.observe(element);
    const theme = new MutationObserver(draw);
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    return () => {
      sizes.disconnect();
      theme.disconnect();
      plot?.destroy();
    };
  }, [label, axis, at, minimum, maximum, unit, language, t]);
  return (
    <figure className={styles.chart}>
      <figcaption className={styles.caption}>
        <span>{unit === '' ? label : `${label} (${unit})`}</span>
        {zoomed && onRange !== undefined && (
          <Button size="small" onPress={() => onRange(null, null)}>
            {t('chart.whole')}
          </Button>
        )}
      </figcaption>
      <div ref={place} role="img" aria-label={description} className={styles.place} />
    </figure>
  );
}
