// The officer's page, for a phone: an entry of its own, without the kit of the desk.
import './patrol.css';
import { createRoot } from 'react-dom/client';
import { startLanguage } from '../i18n/language';
import { keepShell } from './offline/shell';
import { Patrol } from './patrol';

const root = document.getElementById('root');
if (root && !window.wanggeUnsupported) {
  await startLanguage({
    zh: () => import('../i18n/patrol.zh'),
    en: () => import('../i18n/patrol.en'),
  });
  root.textContent = '';
  createRoot(root).render(<Patrol />);
  keepShell();
}
