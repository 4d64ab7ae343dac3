package units

import (
	"context"
	"time"

	"wangge/api/route"
	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/post"
	"wangge/geo/staff"
)

type dutyInput struct {
	Code string     `path:"code" maxLength:"64"`
	Kind staff.Kind `query:"kind" maxLength:"40" doc:"posts of this kind are asked first; those that answer for the unit when absent"`
	At   time.Time  `query:"at" doc:"as of this instant; now when absent"`
}

// duty says who is responsible. That the caller sees the unit is asked as the
// caller; who answers is read as the engine, for the chain goes above their area.
func (h *handler) duty(ctx context.Context, in *dutyInput) (*route.Body[post.Duty], error) {
	if in.At.IsZero() {
		in.At = time.Now()
	}
	u, err := grid.ByCode(ctx, h.db, route.Actor(ctx), geo.DayOf(in.At), in.Code)
	if err != nil {
		return nil, err
	}
	return route.OK(post.Responsible(ctx, h.engine, u.ID, in.Kind, in.At))
}
