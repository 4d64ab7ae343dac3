// Whether what one sees is of now. When it is not, the page says since when: it is never
// silently out of date.
import { ApiOutlined, DisconnectOutlined, LoadingOutlined } from '@ant-design/icons';
import { Alert, Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { type Language, useLanguage, useWords } from '../common/format';
import { connectAgain, useLive } from '../live/use-live';

/** clock writes a time of today as people read it. */
export const clock = (at: number | string, language: Language): string =>
  new Date(at).toLocaleTimeString(language === 'en' ? 'en-GB' : 'zh-CN', {
    timeStyle: 'medium',
    hour12: false,
  });

export function LiveState() {
  const { t } = useTranslation();
  const language = useLanguage();
  const word = useWords();
  const { status, picture, tabs, opened } = useLive();
  const time = (at: number) => clock(at, language);
  const icon = {
    connecting: <LoadingOutlined aria-hidden="true" />,
    live: <ApiOutlined aria-hidden="true" />,
    reconnecting: <DisconnectOutlined aria-hidden="true" />,
    refused: <DisconnectOutlined aria-hidden="true" />,
    'signed-out': <DisconnectOutlined aria-hidden="true" />,
  }[status.state];
  const said =
    status.state === 'live'
      ? t('duty.live.live', { time: time(status.since) })
      : status.state === 'reconnecting'
        ? t('duty.live.reconnecting', { time: time(status.since), attempt: status.attempt })
        : status.state === 'refused'
          ? `${t('duty.live.refused')}: ${word('problem', status.code)}`
          : t(status.state === 'signed-out' ? 'duty.live.signedOut' : 'duty.live.connecting');
  const broken = status.state !== 'live' && status.state !== 'connecting';
  return (
    <div className="duty-state" data-state={status.state} data-tabs={tabs} data-opened={opened}>
      <p
        role="status"
        className={broken ? 'duty-chip duty-chip-broken' : 'duty-chip'}
        title={t('duty.live.shared')}
      >
        {icon} {said}
      </p>
      {broken && (
        <Alert
          type="warning"
          showIcon
          title={picture.at > 0 ? t('duty.live.stale', { time: time(picture.at) }) : said}
          action={
            <Button size="small" onClick={connectAgain}>
              {t('duty.live.now')}
            </Button>
          }
        />
      )}
    </div>
  );
}
