// Why a plan is not adopted, passed or commented on, in English.

export const deliberationProblems = {
  plan_adopted: 'The plan is adopted and sealed. Withdraw the adoption to change it.',
  plan_not_adopted: 'The plan is not adopted',
  plan_reserved:
    'Another plan of these units is adopted and will take effect. Withdraw that one, or draw this one after it.',
  plan_breaks_rules:
    'The plan breaks hard rules. Change it, or waive them with a reason where that is allowed.',
  plan_undecided: 'The plan has not passed all stages of the procedure',
  plan_not_published: 'Only a plan that took effect can be rolled back',
  plan_nothing_before: 'Before this plan its units were not divided: there is nothing to go back to',
  scheme_missing: 'This level is not one of the preset’s, so nothing says how its units are numbered',
  codes_used_up: 'All numbers have been used: give the level more digits',
  procedure_unknown: 'There is no such procedure',
  stage_not_next: 'This stage is not the next one; load the plan again',
  stage_same_person: 'Somebody else has to pass this stage: you passed one before it',
  stage_plan_changed: 'The plan changed, or is no draft any more; load it again',
  stage_return_reason: 'Say why the plan is returned',
  comment_unknown: 'There is no such comment',
  comment_body: 'A comment has between 1 and 1,000 characters',
  comment_personal:
    'This looks like a phone, identity or bank card number. Comments are public: leave out what tells who somebody is.',
  comments_too_many: 'There are too many open comments on this plan; resolve some first',
  comment_elsewhere: 'This place lies outside the plan',
  consultation_unknown: 'There is no such consultation, or it is not open',
  consultation_dates: 'A consultation opens today or later and closes after that, within a year',
  consultation_title: 'The title has up to 100 characters, the note up to 1,000, without personal data',
  consultation_too_large: 'A consultation shows up to 2,000 units',
};
