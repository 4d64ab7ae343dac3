package plans

import (
	"context"
	"time"

	"wangge/api/route"
	"wangge/geo"
	"wangge/geo/plan"
	"wangge/geo/staff"
)

// mountAdoption adds what happens between a draft and the plan in force.
func (h handler) mountAdoption(a route.API) {
	op := func(id, summary string) route.Op {
		return route.Op{ID: id, Summary: summary, Tag: "plans"}.For(staff.Plan)
	}
	route.Get(a, "/plans/{id}/checklist", op("plan-checklist", "What stops a plan, and what it moves"), h.checklist)
	route.Post(a, "/plans/{id}/withdrawal", op("withdraw-plan", "Take the adoption of a plan back"), h.withdraw)
	route.Post(a, "/plans/{id}/renewal", op("renew-plan", "Keep a draft although a newer plan has overtaken it"), h.renew)
	rollBack := op("roll-back-plan", "Make a draft of the division before a plan")
	rollBack.Status = 201
	route.Post(a, "/plans/{id}/rollback", rollBack, h.rollBack)
	// Planners and administrators see it, so it asks for what both have; whose plans, is
	// the matter of plan.AllStopped.
	route.Get(a, "/stopped-plans", route.Op{ID: "list-stopped-plans", Summary: "Adopted plans that did not take effect on their day", Tag: "plans"}.For(staff.Map), h.stopped)
}

type checklistInput struct {
	Path
	EffectiveOn string `query:"effective_on" format:"date" doc:"first day in force; today in China when absent"`
}

func (h handler) checklist(ctx context.Context, in *checklistInput) (*route.Body[route.List[plan.Check]], error) {
	if _, err := plan.Get(ctx, h.db, route.Actor(ctx), in.ID); err != nil {
		return nil, err
	}
	day, err := route.AsOf{At: in.EffectiveOn}.Day()
	if err != nil {
		return nil, err
	}
	if today := geo.DayOf(time.Now()); today.Before(day) {
		day = today // nothing of a later day is known
	}
	list, err := plan.Checklist(ctx, h.engine, route.Actor(ctx), in.ID, day)
	return route.OK(route.Page(list, len(list), nil), err)
}

func (h handler) withdraw(ctx context.Context, in *Path) (*route.Body[plan.Plan], error) {
	return route.OK(plan.Withdraw(ctx, h.db, h.queue, route.Actor(ctx), in.ID))
}

// Renewal keeps a draft as it is.
type Renewal struct {
	Revision int `json:"revision" doc:"the plan's revision as you saw it"`
}

type renewInput struct {
	Path
	Body Renewal
}

func (h handler) renew(ctx context.Context, in *renewInput) (*route.Body[plan.Plan], error) {
	if _, err := plan.Get(ctx, h.db, route.Actor(ctx), in.ID); err != nil {
		return nil, err
	}
	return route.OK(plan.Renew(ctx, h.engine, route.Actor(ctx), in.ID, in.Body.Revision))
}

type rollBackInput struct {
	Path
	Body struct {
		Name string `json:"name,omitempty" maxLength:"200" doc:"of the draft; that of the plan when absent"`
	}
}

func (h handler) rollBack(ctx context.Context, in *rollBackInput) (*route.Body[plan.Plan], error) {
	if _, err := plan.Get(ctx, h.db, route.Actor(ctx), in.ID); err != nil {
		return nil, err
	}
	return route.OK(plan.RollBack(ctx, h.engine, route.Actor(ctx), in.ID, in.Body.Name))
}

func (h handler) stopped(ctx context.Context, _ *struct{}) (*route.Body[route.List[plan.Stopped]], error) {
	list, err := plan.AllStopped(ctx, h.db, route.Actor(ctx))
	return route.OK(route.Page(list, len(list), nil), err)
}
