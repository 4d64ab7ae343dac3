// Places that a check or a refusal names, each with the way there.
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { type Language, useLanguage, useWords } from '../common/format';

type Place = { pointer?: string; code?: string; detail?: string; at?: number[] };

const SHOWN = 6;

export function Places(props: { plan: number; places: readonly Place[]; count?: number }) {
  const { t } = useTranslation();
  const { places, count = places.length } = props;
  if (places.length === 0) return null;
  return (
    <ul className="plan-places">
      {places.slice(0, SHOWN).map((place) => (
        <li key={`${place.pointer}${place.code}${place.detail}${place.at?.join()}`}>
          <OnePlace plan={props.plan} place={place} />
        </li>
      ))}
      {count > SHOWN && <li className="soft">{t('plan.others', { count: count - SHOWN })}</li>}
    </ul>
  );
}

/** inLanguage takes the reader's part of a text that a rule says in both: "中文 / English". */
export function inLanguage(text: string, language: Language): string {
  const [zh, en, ...more] = text.split(' / ');
  if (!zh || !en || more.length > 0 || !/\p{Script=Han}/u.test(zh)) return text;
  return language === 'zh' ? zh : en;
}

function OnePlace({ plan, place }: { plan: number; place: Place }) {
  const { t } = useTranslation();
  const word = useWords();
  const language = useLanguage();
  const { pointer = '', code = '', detail = '' } = place;
  const other = /^plan (\d+)$/.exec(pointer)?.[1];
  const known = word('plan.place', code);
  const fault = word('faultKind', code);
  const kind = known !== code ? known : fault !== code ? fault : '';
  const stage = /^stage (.+)$/.exec(pointer)?.[1];
  if (stage) return kind;
  const about = [kind, detail === pointer ? '' : inLanguage(detail, language)].filter(Boolean).join(' · ');
  const [lon, lat] = place.at ?? [];
  return (
    <>
      {other && Number(other) !== plan ? (
        <Link to={`/plans/${other}`}>{t('plan.planNo', { id: other })}</Link>
      ) : lon !== undefined && lat !== undefined ? (
        <Link
          to={`/workshop/${plan}#map=17/${lat.toFixed(6)}/${lon.toFixed(6)}`}
          aria-label={t('plan.showPlace', { what: pointer || about })}
        >
          <span className="figures">{pointer || about}</span>
        </Link>
      ) : (
        <span className="figures">{pointer}</span>
      )}{' '}
      {(pointer || other) && about}
    </>
  );
}
