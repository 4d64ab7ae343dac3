// Places to look at: those that are suggested, with the reason, and one's own; then they
// become a walk of somebody's.
import { CloseOutlined } from '@ant-design/icons';
import { App, Button, Checkbox, Input } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { asProblem } from '../api/client';
import type { LonLat, Plan } from '../api/types';
import { length, useLanguage } from '../common/format';
import { Failed, Loading, Nothing } from '../common/states';
import { goToPlace } from '../map/camera';
import { ANYBODY, Assign, assigneeOf } from './assign';
import { MOST_POINTS, make, type Suggestion, useBorderChange, useSuggestions } from './queries';
import { useBorderView } from './view';
import { useNamesOf } from './words';

/** A place that was chosen, to be part of a walk. */
export type Chosen = { key: string; at: LonLat; question: string; names: readonly string[]; own: boolean };

export const keyOf = (at: LonLat): string => at.map((degrees) => degrees.toFixed(7)).join();

type Props = {
  plan: Plan;
  chosen: readonly Chosen[];
  onChosen: (chosen: readonly Chosen[]) => void;
  onToggle: (one: Chosen) => void;
};

export function Choose(props: Props) {
  const { t } = useTranslation();
  const suggestions = useSuggestions(props.plan);
  if (props.plan.state !== 'draft') return <Nothing title={t('border.onlyDraft')} />;
  return (
    <>
      <section aria-labelledby="border-suggested">
        <h2 id="border-suggested">{t('border.suggested')}</h2>
        <p className="hint">{t('border.suggestedHint')}</p>
        {suggestions.isPending && <Loading />}
        {suggestions.isError && <Failed cause={suggestions.error} retry={() => suggestions.refetch()} />}
        {suggestions.data && <Suggested {...props} list={suggestions.data} />}
      </section>
      {props.chosen.length > 0 && <Send {...props} />}
    </>
  );
}

const asChosen = (one: Suggestion): Chosen => ({
  key: keyOf(one.at),
  at: one.at,
  question: one.question,
  names: one.names,
  own: false,
});

function Suggested(props: Props & { list: readonly Suggestion[] }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const namesOf = useNamesOf();
  const { list, chosen, onChosen } = props;
  if (list.length === 0)
    return <Nothing title={t('border.noneSuggested')}>{t('border.noneSuggestedHint')}</Nothing>;
  const own = chosen.filter((one) => one.own);
  return (
    <>
      <div className="border-buttons">
        <Button size="small" onClick={() => onChosen([...list.map(asChosen), ...own].slice(0, MOST_POINTS))}>
          {t('border.pickAll')}
        </Button>
        <Button size="small" onClick={() => onChosen(own)}>
          {t('border.pickNone')}
        </Button>
      </div>
      <ul className="border-offers">
        {list.map((one) => {
          const key = keyOf(one.at);
          return (
            <li key={key}>
              <Checkbox
                checked={chosen.some((other) => other.key === key)}
                onChange={() => props.onToggle(asChosen(one))}
              >
                {t(`border.kind.${one.kind}`)}
                <span className="border-names">{namesOf(one.names)}</span>
                {one.kind === 'off_street' && (
                  <small className="soft">
                    {one.metres === null
                      ? t('border.farAway')
                      : t('border.away', { length: length(one.metres, language) })}
                  </small>
                )}
              </Checkbox>
              <Button size="small" type="link" onClick={() => goToPlace(one.at, 17.5)}>
                {t('border.goTo')}
              </Button>
            </li>
          );
        })}
      </ul>
    </>
  );
}

/** Send makes a walk of the chosen places. */
function Send({ plan, chosen, onChosen, onToggle }: Props) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const id = useId();
  const [, setView] = useBorderView();
  const [name, setName] = useState(() => t('border.nameOf', { plan: plan.name }).slice(0, 100));
  const [whose, setWhose] = useState(ANYBODY);
  const assignee = assigneeOf(whose);
  const send = useBorderChange(
    () =>
      make(plan.id, {
        name: name.trim(),
        points: chosen.map(({ at, question }) => ({ at, question: question.trim() })),
        ...assignee,
      }),
    (walk) => {
      message.success(t('border.made', { name: walk.name }));
      onChosen([]);
      setView({ tab: 'walks' });
    },
  );
  const faults = new Map(
    send.isError ? asProblem(send.error).errors.map((error) => [error.pointer, error.detail]) : [],
  );
  const ready = name.trim() && assignee && chosen.every(({ question }) => question.trim());
  return (
    <form
      className="border-send"
      onSubmit={(event) => {
        event.preventDefault();
        send.mutate(undefined);
      }}
    >
      <h2>{t('border.chosen', { count: chosen.length })}</h2>
      <ol className="border-chosen">
        {chosen.map((one, index) => (
          <li key={one.key}>
            <Input.TextArea
              aria-label={t('border.question', { number: index + 1 })}
              rows={2}
              maxLength={300}
              status={faults.has(`points/${index}`) ? 'error' : undefined}
              value={one.question}
              onChange={(event) =>
                onChosen(
                  chosen.map((other) =>
                    other.key === one.key ? { ...other, question: event.target.value } : other,
                  ),
                )
              }
            />
            <Button
              type="text"
              icon={<CloseOutlined aria-hidden="true" />}
              aria-label={`${t('border.remove')} ${index + 1}`}
              onClick={() => onToggle(one)}
            />
          </li>
        ))}
      </ol>
      <label htmlFor={id}>{t('border.name')}</label>
      <Input id={id} maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />
      <p className="hint">{t('border.nameHint')}</p>
      <Assign plan={plan} value={whose} onChange={setWhose} />
      {send.isError && <Failed cause={send.error} />}
      <Button type="primary" htmlType="submit" disabled={!ready} loading={send.isPending}>
        {t('border.make')}
      </Button>
    </form>
  );
}
