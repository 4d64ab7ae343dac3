// What was found in the field. Nothing changes by itself: the planner takes it into the
// draft, or goes to the place in the workshop.
import { App, Button } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { Plan } from '../api/types';
import { length, moment, useLanguage } from '../common/format';
import { Failed, Loading, Nothing } from '../common/states';
import { goToPlace } from '../map/camera';
import { useWho } from '../plan/words';
import { type Found, photoAddress, take, useBorderChange, useFound, workshopAddress } from './queries';
import { useBorderView } from './view';
import { metresBetween, StateTag } from './words';

export function Answers({ plan }: { plan: Plan }) {
  const { t } = useTranslation();
  const found = useFound(plan.id);
  if (found.isPending) return <Loading />;
  if (found.isError) return <Failed cause={found.error} retry={() => found.refetch()} />;
  if (found.data.length === 0) {
    return <Nothing title={t('border.noAnswers')}>{t('border.noAnswersHint')}</Nothing>;
  }
  return (
    <ol className="border-answers">
      {found.data.map((one, index) => (
        <Row key={one.id} plan={plan} found={one} number={index + 1} />
      ))}
    </ol>
  );
}

function Row({ plan, found, number }: { plan: Plan; found: Found; number: number }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const who = useWho(undefined);
  const [{ answer }, setView] = useBorderView();
  const chosen = answer === found.id;
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (chosen) row.current?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);
  return (
    <li ref={row} className={chosen ? 'border-answer row-chosen' : 'border-answer'} aria-current={chosen}>
      <p>
        <span className="border-number figures">{number}</span> <StateTag state={found.verdict} />
        {found.place && (
          <span className="figures">
            {t('border.movedBy', { length: length(metresBetween(found.at, found.place), language) })}
          </span>
        )}
      </p>
      <p>{found.question}</p>
      {found.note && <p className="border-note">{found.note}</p>}
      <p className="soft figures">
        {found.walk_name} ·{' '}
        {t('border.says', { who: who(found.answered_by), time: moment(found.received_at, language) })}
        {found.ahead && ` · ${t('border.ahead')}`}
      </p>
      <Photos found={found} />
      <div className="border-buttons">
        <Button
          size="small"
          onClick={() => {
            setView({ answer: found.id });
            goToPlace(found.place ?? found.at, 17.5);
          }}
        >
          {t('border.goTo')}
        </Button>
        {plan.state === 'draft' && found.verdict !== 'right' && <BackToDraft plan={plan} found={found} />}
      </div>
    </li>
  );
}

/** BackToDraft takes an answer into the draft. */
function BackToDraft({ plan, found }: { plan: Plan; found: Found }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const { edit } = found;
  const apply = useBorderChange(
    () => (edit ? take(plan, edit) : Promise.reject(new Error())),
    () => message.success(t('border.taken')),
  );
  return (
    <>
      {edit && (
        <Button
          size="small"
          type="primary"
          title={t('border.takeHint')}
          loading={apply.isPending}
          onClick={() => apply.mutate(undefined)}
        >
          {t('border.take')}
        </Button>
      )}
      <Link to={workshopAddress(plan.id, found.place ?? found.at)}>{t('border.workshop')}</Link>
      {!edit && found.verdict === 'moved' && <p className="hint">{t('border.noEdit')}</p>}
      {apply.isError && <Failed cause={apply.error} />}
    </>
  );
}

/** Photos are shown when they are asked for: each look is recorded. */
function Photos({ found }: { found: Found }) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(false);
  if (found.photos.length === 0) return null;
  if (!shown) {
    return (
      <p>
        <Button size="small" onClick={() => setShown(true)}>
          {t('border.photos', { count: found.photos.length })}
        </Button>{' '}
        <small className="soft">{t('border.photosHint')}</small>
      </p>
    );
  }
  return (
    <p className="border-photos">
      {found.photos.map((photo, index) => (
        <img key={photo} src={photoAddress(found.id, photo)} alt={t('border.photo', { number: index + 1 })} />
      ))}
    </p>
  );
}
