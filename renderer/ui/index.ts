/** The parts that screens are built of. */
export { VisuallyHidden } from 'react-aria-components';
export * from './badge.tsx';
export * from './button.tsx';
export * from './chart.tsx';
export * from './class-names.ts';
export * from './data-table.tsx';
export * from './drop-zone.tsx';
export * from './feedback.tsx';
export * from './fields.tsx';
export * from './format.ts';
export * from './layout.tsx';
export * from './list-header.tsx';
export * from './overlays.tsx';
export * from './paged-table.tsx';
export * from './tabs.tsx';
export * from './timeline.tsx';
export * from './tooltip.tsx';
export * from './values.tsx';
