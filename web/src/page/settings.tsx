// Language, theme, link and help, at the foot of the panel.
import {
  DesktopOutlined,
  LinkOutlined,
  MoonOutlined,
  QuestionCircleOutlined,
  SunOutlined,
} from '@ant-design/icons';
import { Button, Segmented, Tooltip } from 'antd';
import { useTranslation } from 'react-i18next';
import { useCopy } from '../common/copy';
import { useLanguage } from '../common/format';
import { useSetLanguage } from '../i18n/choice';
import type { ThemeChoice } from '../theme/palette';
import { useTheme } from '../theme/theme';
import { usePage } from '../view/store';

export function Settings() {
  const { t } = useTranslation();
  const copy = useCopy();
  return (
    <div className="settings">
      <Appearance />
      <span className="settings-gap" />
      <Tooltip title={t('common.copyLink')}>
        <Button
          size="small"
          type="text"
          aria-label={t('common.copyLink')}
          icon={<LinkOutlined aria-hidden="true" />}
          onClick={() => copy(location.href)}
        />
      </Tooltip>
      <Tooltip title={t('help.title')}>
        <Button
          size="small"
          type="text"
          aria-label={t('help.title')}
          icon={<QuestionCircleOutlined aria-hidden="true" />}
          onClick={() => usePage.setState({ helping: true })}
        />
      </Tooltip>
    </div>
  );
}

/** Appearance is what every page offers its reader: theme and language. */
export function Appearance() {
  const { t } = useTranslation();
  const { choice, choose } = useTheme();
  const language = useLanguage();
  const setLanguage = useSetLanguage();
  return (
    <>
      <Segmented<ThemeChoice>
        size="small"
        aria-label={t('theme.title')}
        value={choice}
        onChange={choose}
        options={[
          { value: 'light', icon: <SunOutlined aria-label={t('theme.light')} />, title: t('theme.light') },
          { value: 'dark', icon: <MoonOutlined aria-label={t('theme.dark')} />, title: t('theme.dark') },
          {
            value: 'system',
            icon: <DesktopOutlined aria-label={t('theme.system')} />,
            title: t('theme.system'),
          },
        ]}
      />
      <Button
        size="small"
        type="text"
        lang={language === 'zh' ? 'en' : 'zh-CN'}
        onClick={() => setLanguage(language === 'zh' ? 'en' : 'zh')}
      >
        {language === 'zh' ? 'English' : '中文'}
      </Button>
    </>
  );
}
