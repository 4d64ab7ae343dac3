// Two have changed the same units: the choice between theirs and one's own.
import { Alert, Button, Input, Modal } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import type { LonLat } from '../api/types';
import { overlays } from '../common/overlays';
import { Failed } from '../common/states';
import { goToPlace } from '../map/camera';
import { useBench, useDesk } from './bench';

export function Conflict() {
  const { t } = useTranslation();
  const { desk } = useBench();
  const navigate = useNavigate();
  const saving = useDesk((state) => state.saving);
  const plan = useDesk((state) => state.plan);
  const [busy, setBusy] = useState(false);
  const [name, setName] = useState<string | null>(null);
  const [cause, setCause] = useState<unknown>(null);
  if (saving.state !== 'conflict') return null;
  const run = async (choice: () => Promise<unknown>) => {
    setBusy(true);
    setCause(null);
    try {
      await choice();
      setName(null);
    } catch (reason) {
      setCause(reason);
    } finally {
      setBusy(false);
    }
  };
  const both = () => run(async () => navigate(`/workshop/${await desk.both((name ?? '').trim())}`));
  return (
    <Modal
      getContainer={overlays}
      open={saving.asking}
      title={t('workshop.conflict.title')}
      onCancel={() => desk.choose(false)}
      footer={
        <div className="desk-choices">
          <Button disabled={busy} onClick={() => desk.choose(false)}>
            {t('workshop.conflict.later')}
          </Button>
          <Button disabled={busy} onClick={() => run(() => desk.theirs())}>
            {t('workshop.conflict.theirs')}
          </Button>
          <Button
            disabled={busy}
            onClick={() => setName(t('workshop.conflict.copyOf', { name: plan?.name ?? '' }))}
          >
            {t('workshop.conflict.both')}
          </Button>
          <Button type="primary" loading={busy} onClick={() => run(() => desk.mine())}>
            {t('workshop.conflict.mine')}
          </Button>
        </div>
      }
    >
      <p>{t('workshop.conflict.text')}</p>
      <ul className="desk-met">
        {saving.problem.errors.map((error) => {
          const { at } = error as { at?: LonLat };
          const what = `${error.pointer.replace(/^code=/, '')} · ${t(`workshop.step.${error.code as 'split'}`)} · ${error.detail}`;
          return (
            <li key={`${error.pointer}${error.code}${error.detail}`}>
              {at ? (
                <Button type="link" size="small" onClick={() => goToPlace(at)}>
                  {what}
                </Button>
              ) : (
                what
              )}
            </li>
          );
        })}
      </ul>
      {name !== null && (
        <form
          className="desk-name"
          onSubmit={(event) => {
            event.preventDefault();
            void both();
          }}
        >
          <Input
            aria-label={t('workshop.draftName')}
            value={name}
            maxLength={200}
            onChange={(event) => setName(event.target.value)}
          />
          <Button htmlType="submit" type="primary" loading={busy} disabled={!name.trim()}>
            {t('workshop.conflict.make')}
          </Button>
        </form>
      )}
      {cause !== null && <Failed cause={cause} />}
      <Alert type="info" title={t('workshop.conflict.hint')} />
    </Modal>
  );
}
