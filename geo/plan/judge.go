package plan

import (
	"context"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/ruleset"
	"wangge/geo/staff"
)

// ErrRules means that a branch breaks hard rules that nobody waived.
var ErrRules = fault.New(fault.Conflict, "plan_breaks_rules", "The plan breaks hard rules of its set. Change it, or waive them with a reason where that is allowed.")

// judge looks at the rules of a plan's set that it breaks and nobody waived: the hard
// ones, which stop a branch, and the others. A division that came as a file was decided
// elsewhere; its broken rules are told and stop nothing.
func judge(ctx context.Context, db pg.DB, actor staff.Actor, day geo.Day, id int64) (stops, others []fault.Place, err error) {
	_, found, err := ruleset.Judge(ctx, db, actor, day, id)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range found {
		if f.Waiver != nil {
			continue
		}
		place := fault.Place{Pointer: f.Code, Code: string(f.Kind), Detail: f.Zh + " / " + f.En, At: &f.Point}
		if f.Hard {
			stops = append(stops, place)
		} else {
			others = append(others, place)
		}
	}
	return stops, others, nil
}
