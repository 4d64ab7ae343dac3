import './styles.css';
import { createRoot } from 'react-dom/client';
import { Application } from './app';
import { startLanguage } from './i18n/language';

declare global {
  interface Window {
    /** What this browser lacks; boot.js has then said so already. */
    wanggeUnsupported?: string[];
  }
}

const root = document.getElementById('root');
if (root && !window.wanggeUnsupported) {
  await startLanguage();
  root.textContent = '';
  createRoot(root).render(<Application />);
}
