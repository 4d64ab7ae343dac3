import { describe, expect, it } from 'vitest';
import { asProblem, Problem } from '../../src/api/client';

describe('whatever went wrong', () => {
  it('is told as it was: thrown, or kept with a job', () => {
    const body = { type: 'about:blank', status: 409, code: 'plan_conflict', title: 'Somebody was quicker.' };
    expect(asProblem(body)).toMatchObject({
      status: 409,
      code: 'plan_conflict',
      message: 'Somebody was quicker.',
    });
    const thrown = new Problem({ status: 422, code: 'x' });
    expect(asProblem(thrown)).toBe(thrown);
    expect(asProblem(new Error('gone'))).toMatchObject({ status: 0, code: 'network', message: 'gone' });
    expect(asProblem(null)).toMatchObject({ status: 0, code: 'network' });
  });
});
