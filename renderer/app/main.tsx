/** The first script of the main window. What index.html shows is painted before the rest is read, which takes longer than the painting. */
import './base.css';

requestAnimationFrame(() => setTimeout(() => void import('./start.tsx')));
