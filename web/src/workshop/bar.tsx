// The bar over the map: which draft this is, whether it is kept, who else works on it.
import { EditOutlined } from '@ant-design/icons';
import { Button, Popover, Tag } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { moment, useLanguage } from '../common/format';
import { overlays } from '../common/overlays';
import { Failed } from '../common/states';
import { goToPlace } from '../map/camera';
import { useBench, useDesk } from './bench';
import { DraftMenu } from './drafts';

export function Bar() {
  const { t } = useTranslation();
  const plan = useDesk((state) => state.plan);
  const [open, setOpen] = useState(false);
  if (!plan) return null;
  return (
    <div className="desk-bar">
      <Link to="/workshop">{t('workshop.drafts')}</Link>
      <Link to={`/circle?plan=${plan.id}&level=${plan.level}`}>{t('workshop.circle')}</Link>
      <h2>{plan.name}</h2>
      <Popover
        open={open}
        onOpenChange={setOpen}
        trigger="click"
        placement="bottomLeft"
        getPopupContainer={overlays}
        content={<DraftMenu plan={plan} onDone={() => setOpen(false)} />}
      >
        <Button
          type="text"
          size="small"
          icon={<EditOutlined aria-hidden="true" />}
          aria-label={t('workshop.about')}
        />
      </Popover>
      <Link to={`/plans/${plan.id}`}>{t('plan.course')}</Link>
      <Status />
      <Others />
    </div>
  );
}

/** Status says whether what was done is kept, and where. */
function Status() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { desk } = useBench();
  const saving = useDesk((state) => state.saving);
  const waiting = useDesk((state) => state.waiting);
  const again = (
    <Button size="small" type="link" onClick={() => desk.again()}>
      {t('common.retry')}
    </Button>
  );
  return (
    <div className={`desk-status desk-${saving.state}`} role="status">
      {saving.state === 'saved' &&
        (saving.at === null
          ? t('workshop.status.kept')
          : t('workshop.status.saved', { at: moment(new Date(saving.at).toISOString(), language) }))}
      {saving.state === 'saving' && t('workshop.status.saving')}
      {saving.state === 'offline' && (
        <>
          {t(saving.kept ? 'workshop.status.offline' : 'workshop.status.lost', { count: waiting })} {again}
        </>
      )}
      {saving.state === 'failed' && (
        <Popover getPopupContainer={overlays} trigger="click" content={<Failed cause={saving.problem} />}>
          <Button size="small" danger>
            {t('workshop.status.failed')}
          </Button>
          {again}
        </Popover>
      )}
      {saving.state === 'conflict' && (
        <Button size="small" danger onClick={() => desk.choose(true)}>
          {t('workshop.status.conflict', { count: waiting })}
        </Button>
      )}
    </div>
  );
}

/** Others are those who have the draft open as well. */
function Others() {
  const { t } = useTranslation();
  const others = useDesk((state) => state.others);
  if (others.length === 0) return null;
  return (
    <ul className="desk-others" aria-label={t('workshop.others')}>
      {others.map((other) => (
        <li key={other.name}>
          <Tag
            color="processing"
            onClick={() => other.at && goToPlace(other.at)}
            role={other.at ? 'button' : undefined}
            tabIndex={other.at ? 0 : undefined}
          >
            {other.name}
          </Tag>
        </li>
      ))}
    </ul>
  );
}
