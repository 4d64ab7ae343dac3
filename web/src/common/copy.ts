// Copying, also where the browser offers no clipboard (plain HTTP).
import { App } from 'antd';
import { useTranslation } from 'react-i18next';

/** useCopy puts text on the clipboard and says so, naming it by its label where it is a secret. */
export function useCopy(): (text: string, label?: string) => Promise<void> {
  const { message } = App.useApp();
  const { t } = useTranslation();
  return async (text, label = text) => {
    if (await copied(text)) message.success(t('common.copied', { text: label }));
    else message.warning(t('common.copyFailed', { text }), 8);
  };
}

async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedBySelection(text);
  }
}

function copiedBySelection(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.setAttribute('readonly', '');
  area.className = 'off-screen';
  document.body.append(area);
  area.select();
  try {
    return document.execCommand('copy');
  } catch {
    return false;
  } finally {
    area.remove();
  }
}
