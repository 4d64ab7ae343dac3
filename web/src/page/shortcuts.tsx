import { Modal } from 'antd';
import { useTranslation } from 'react-i18next';
import { useStatus } from '../api/queries';
import { overlays } from '../common/overlays';
import { usePage } from '../view/store';

const keys = [
  ['Ctrl K', '/', 'search'],
  ['?', 'help'],
  ['M', 'U', 'D', 'panels'],
  ['[', ']', 'levels'],
  ['F', 'zoom'],
  ['+', '−', 'scale'],
  ['← ↑ → ↓', 'pan'],
  ['Enter', 'pick'],
  ['Esc', 'close'],
] as const;

/** ShortcutSheet lists what the keyboard can do. */
export function ShortcutSheet() {
  const { t } = useTranslation();
  const open = usePage((page) => page.helping);
  const status = useStatus().data;
  return (
    <Modal
      getContainer={overlays}
      open={open}
      footer={null}
      title={t('help.title')}
      onCancel={() => usePage.setState({ helping: false })}
      width={460}
    >
      <dl className="keys">
        {keys.map((row) => {
          const what = row.at(-1) as (typeof keys)[number][1] | 'search';
          return (
            <div key={what}>
              <dt>
                {row.slice(0, -1).map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{t(`help.${what}` as 'help.search')}</dd>
            </div>
          );
        })}
      </dl>
      <p className="soft">{t('help.note')}</p>
      <p className="soft figures">Wangge {status?.version}</p>
    </Modal>
  );
}
