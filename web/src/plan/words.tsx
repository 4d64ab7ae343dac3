// Words that the parts of a plan's page share: who did something, what one may do next.
import { useTranslation } from 'react-i18next';
import { today } from '../admin/common';
import type { Plan } from '../api/types';
import { useTitle } from '../common/format';
import { type Course, type Stage, useMine, useProcedures } from './queries';

/** useWho writes who did something: "account:12" is the reader, or somebody with a sign-in name. */
export function useWho(people: Record<string, string> | undefined): (by: string | null) => string {
  const { t } = useTranslation();
  const mine = useMine();
  return (by) => {
    if (!by) return '';
    if (by === mine) return t('plan.you');
    const account = /^account:(\d+)$/.exec(by)?.[1];
    if (account) return people?.[by] ?? t('plan.account', { id: account });
    return by === 'public' ? t('plan.public') : by === 'system' ? t('plan.system') : by;
  };
}

/** useStageName is the title of a stage in the reader's language, also of a procedure that was followed before. */
export function useStageName(course: Course): (code: string) => string {
  const title = useTitle();
  const others = useProcedures().data ?? [];
  return (code) =>
    title(
      [course.procedure, ...others].flatMap(({ stages }) => stages).find((stage) => stage.code === code),
      code,
    );
}

/** nextStage is the stage to be passed next; undefined when all are. */
export const nextStage = (course: Course): Stage | undefined =>
  course.procedure.stages.find((stage) => stage.code === course.next);

/** isForOther reports whether the stage has to be passed by somebody else than the one who is named. */
export const isForOther = (course: Course, stage: Stage, mine: string): boolean =>
  course.passed.some((entry) => stage.other_than.includes(entry.stage) && entry.done_by === mine);

/** compareAddress leads to the comparison of a plan with what it replaced, or would replace. */
export function compareAddress(plan: Plan, dock: 'changes' | 'workers' = 'changes'): string {
  const before =
    plan.state === 'published' && plan.effective_on ? dayBefore(plan.effective_on) : today(new Date());
  const base = (plan.base as Plan['base'] | null)?.code;
  return [
    `/compare?${base ? `base=${base}&` : ''}below=${plan.level}&before=date:${before}&after=plan:${plan.id}`,
    dock === 'changes' ? '' : `&dock=${dock}`,
  ].join('');
}

/** dayBefore is the day before a day, both as YYYY-MM-DD. */
export const dayBefore = (day: string): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
