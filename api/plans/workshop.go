package plans

import (
	"context"
	"math"
	"reflect"
	"strconv"
	"time"

	"github.com/paulmach/orb"

	"wangge/api/route"
	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/plan"
	"wangge/geo/proposal"
	"wangge/geo/rule"
	"wangge/geo/ruleset"
	"wangge/geo/staff"
)

// mountWorkshop adds what edits drafts.
func (h handler) mountWorkshop(a route.API) {
	schemas := a.OpenAPI().Components.Schemas
	schemas.RegisterTypeAlias(reflect.TypeFor[plan.Land](), reflect.TypeFor[orb.MultiPolygon]())
	schemas.RegisterTypeAlias(reflect.TypeFor[plan.Edit](), reflect.TypeFor[PlanEdit]())

	op := func(id, summary, more string) route.Op {
		return route.Op{ID: id, Summary: summary, Description: more, Tag: "plans"}.For(staff.Plan)
	}
	big := op("edit-plan", "Edit a draft", `Moves borders, splits, merges, gives land away, renames, locks. Send your own key with each edit: sent again, it is not done again.
An edit that would break the division is refused at the place (operation_crosses, operation_rim, operation_line, operation_leaves_nothing, operation_locked).
When others have changed the draft since your revision it is made if it does not meet what they did, else plan_conflict says who changed what: send it again with the new revision, drop it, or duplicate the draft as it stood at yours and send it there.`)
	big.MaxBody = 8 << 20
	route.Post(a, "/plans", op("create-plan", "A draft of the division in force below a unit", "A branch of the plan in force: nothing in force changes."), h.create)
	route.Patch(a, "/plans/{id}", op("describe-plan", "Change a draft's name and note", ""), h.describe)
	route.Post(a, "/plans/{id}/duplicate", op("duplicate-plan", "Make a draft like this one", "As it stands, or as it stood at a revision."), h.duplicate)
	route.Post(a, "/plans/{id}/restore", op("restore-plan", "Take up again a draft that was given up", ""), h.restore)
	route.Get(a, "/plans/{id}/division", op("plan-division", "A draft with all its units, exactly, to edit", "Coordinates have all their digits: 1e-7 degrees."), h.division)
	route.Post(a, "/plans/{id}/edits", big, h.edit)
	route.Get(a, "/plans/{id}/facts", op("plan-facts", "What the units of a draft come to, and which rules they break", "Homes, people in aggregate, posts, open incidents, compactness, minutes to walk across; and the same of the units in force. Who may not see single places there gets no numbers of homes: units could be drawn around one house."), h.facts)
	route.Get(a, "/plans/{id}/atoms", op("plan-atoms", "Land on a draft that is picked as a whole", "Street blocks, compounds and natural villages, or the land around each building, within a box: those that lie in it completely. Borders of units cut none. A box of more than about 4 km, of buildings 1 km, is refused (atoms_box)."), h.atoms)
	route.Get(a, "/plans/{id}/waivers", op("plan-waivers", "The waivers of a draft", "For rules of the set that it uses."), h.waived)
	route.Put(a, "/plans/{id}/rules", op("use-rules", "Choose the rules of a draft", "A set of /rulesets; 0 = that of its hierarchy. Waivers of another set's rules stay with that."), h.useRules)
	route.Put(a, "/plans/{id}/waivers", op("waive-rule", "Excuse a unit of a draft from a rule", "With a reason. Rules that may not be waived are refused."), h.waive)
	route.Delete(a, "/plans/{id}/waivers/{rule}/{unit}", op("unwaive-rule", "Take a waiver back", ""), h.unwaive)
	route.Post(a, "/plans/{id}/undo", op("undo-plan", "Take back the last step", ""), h.undo)
	route.Post(a, "/plans/{id}/redo", op("redo-plan", "Do the step again that was taken back", ""), h.redo)
	route.Get(a, "/plans/{id}/steps", op("plan-steps", "The journal of a draft, newest step first", ""), h.steps)
	route.Post(a, "/plans/{id}/presence", op("plan-presence", "Say that you have a draft open, and hear who else has", "Every ten seconds while it is open; after thirty one is gone."), h.presence)
}

// PlanEdit is how an edit travels; plan.Edit reads it.
type PlanEdit struct {
	Kind   string           `json:"kind" enum:"move_point,add_point,delete_point,move_border,reshape,split,merge,transfer,name,parent,lock,unlock,number,above,drop"`
	At     *orb.Point       `json:"at,omitempty" doc:"the border point to move or delete; a place on the border to move; a place in the part that keeps the code of a unit that is split"`
	To     *orb.Point       `json:"to,omitempty" doc:"where the point, or the place on the border, goes"`
	Edge   []orb.Point      `json:"edge,omitempty" minItems:"2" maxItems:"2" doc:"two points that follow each other on a border"`
	Line   []orb.Point      `json:"line,omitempty" maxItems:"100000" doc:"reshape: begins in the unit that follows the line, and comes back to it; split: from border to border"`
	Area   orb.MultiPolygon `json:"area,omitempty" maxItems:"10000" doc:"transfer: what of it the units have goes to into"`
	Units  []int            `json:"units,omitempty" maxItems:"100000" doc:"ids of the units concerned"`
	Into   int              `json:"into,omitempty" minimum:"0" doc:"who gets the land: a unit, the next id for a new one, 0 for nobody"`
	Code   string           `json:"code,omitempty" maxLength:"24"`
	Name   string           `json:"name,omitempty" maxLength:"200"`
	Parent string           `json:"parent,omitempty" maxLength:"64" doc:"code of the unit above"`
}

type createInput struct{ Body plan.Branch }

func (h handler) create(ctx context.Context, in *createInput) (*route.Body[plan.Plan], error) {
	in.Body.Day = geo.DayOf(time.Now())
	return route.OK(plan.NewBranch(ctx, h.engine, route.Actor(ctx), in.Body))
}

type describeInput struct {
	Path
	Body struct {
		Name *string `json:"name,omitempty" minLength:"1" maxLength:"200"`
		Note *string `json:"note,omitempty" maxLength:"2000"`
	}
}

func (h handler) describe(ctx context.Context, in *describeInput) (*route.Body[plan.Plan], error) {
	return route.OK(plan.Describe(ctx, h.db, route.Actor(ctx), in.ID, in.Body.Name, in.Body.Note))
}

type duplicateInput struct {
	Path
	Body struct {
		Name     string `json:"name" minLength:"1" maxLength:"200"`
		Revision int    `json:"revision,omitempty" minimum:"0" doc:"as it stood then; as it stands when absent"`
	}
}

func (h handler) duplicate(ctx context.Context, in *duplicateInput) (*route.Body[plan.Plan], error) {
	return route.OK(h.shop.Duplicate(ctx, route.Actor(ctx), in.ID, in.Body.Name, in.Body.Revision))
}

func (h handler) restore(ctx context.Context, in *Path) (*route.Body[plan.Plan], error) {
	return route.OK(plan.Restore(ctx, h.db, route.Actor(ctx), in.ID))
}

func (h handler) division(ctx context.Context, in *Path) (*route.Body[plan.Division], error) {
	return route.OK(h.shop.Division(ctx, route.Actor(ctx), in.ID))
}

func (h handler) facts(ctx context.Context, in *Path) (*route.Body[plan.Standing], error) {
	return route.OK(h.shop.Facts(ctx, route.Actor(ctx), in.ID))
}

type atomsInput struct {
	Path
	Box   []float64      `query:"box" minItems:"4" maxItems:"4" doc:"west, south, east, north in degrees; the whole land when absent"`
	Grain proposal.Grain `query:"grain" enum:"block,building" default:"block"`
}

func (h handler) atoms(ctx context.Context, in *atomsInput) (*route.Body[route.List[proposal.Atom]], error) {
	land, err := h.shop.Rim(ctx, route.Actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	box := land.Bound()
	if len(in.Box) == 4 {
		if box, err = boxOf([4]float64(in.Box)); err != nil {
			return nil, err
		}
	}
	list, err := proposal.Atoms(ctx, h.engine, geo.DayOf(time.Now()), land, box, in.Grain)
	return route.OK(route.Page(list, len(list), nil), err)
}

// boxOf is a box of degrees on the lattice.
func boxOf(b [4]float64) (geo.Bound, error) {
	for i, most := range [4]float64{180, 90, 180, 90} {
		if !(math.Abs(b[i]) <= most) {
			return geo.Bound{}, errBox
		}
	}
	return geo.Bound{Min: geo.Snap(orb.Point{b[0], b[1]}), Max: geo.Snap(orb.Point{b[2], b[3]})}, nil
}

var errBox = fault.New(fault.Invalid, "box_wrong", "A box is west, south, east and north in degrees.")

type useRulesInput struct {
	Path
	Body struct {
		RuleSet int64 `json:"rule_set" minimum:"0"`
	}
}

func (h handler) useRules(ctx context.Context, in *useRulesInput) (*route.Body[ruleset.Set], error) {
	return route.OK(ruleset.Use(ctx, h.db, route.Actor(ctx), in.ID, in.Body.RuleSet))
}

type waiveInput struct {
	Path
	Body struct {
		Rule   int64  `json:"rule" minimum:"1"`
		Unit   int    `json:"unit" doc:"its id in the draft; of a unit above what the finding says"`
		Reason string `json:"reason" minLength:"1" maxLength:"500"`
	}
}

func (h handler) waive(ctx context.Context, in *waiveInput) (*route.Body[route.List[rule.Waiver]], error) {
	if err := ruleset.Waive(ctx, h.db, route.Actor(ctx), in.ID, in.Body.Rule, in.Body.Unit, in.Body.Reason); err != nil {
		return nil, err
	}
	return h.waivers(ctx, in.ID)
}

type unwaiveInput struct {
	Path
	Rule int64 `path:"rule"`
	Unit int   `path:"unit"`
}

func (h handler) unwaive(ctx context.Context, in *unwaiveInput) (*route.Body[route.List[rule.Waiver]], error) {
	if err := ruleset.Unwaive(ctx, h.db, route.Actor(ctx), in.ID, in.Rule, in.Unit); err != nil {
		return nil, err
	}
	return h.waivers(ctx, in.ID)
}

func (h handler) waived(ctx context.Context, in *Path) (*route.Body[route.List[rule.Waiver]], error) {
	return h.waivers(ctx, in.ID)
}

func (h handler) waivers(ctx context.Context, id int64) (*route.Body[route.List[rule.Waiver]], error) {
	list, err := ruleset.Waivers(ctx, h.db, route.Actor(ctx), id)
	return route.OK(route.Page(list, len(list), nil), err)
}

type editInput struct {
	Path
	Body plan.Request
}

func (h handler) edit(ctx context.Context, in *editInput) (*route.Body[plan.Edited], error) {
	return route.OK(h.shop.Do(ctx, route.Actor(ctx), in.ID, in.Body))
}

type turnInput struct {
	Path
	Body struct {
		Revision int `json:"revision" minimum:"0" doc:"the draft's revision as you saw it"`
	}
}

func (h handler) undo(ctx context.Context, in *turnInput) (*route.Body[plan.Edited], error) {
	return route.OK(h.shop.Undo(ctx, route.Actor(ctx), in.ID, in.Body.Revision))
}

func (h handler) redo(ctx context.Context, in *turnInput) (*route.Body[plan.Edited], error) {
	return route.OK(h.shop.Redo(ctx, route.Actor(ctx), in.ID, in.Body.Revision))
}

type stepsInput struct {
	Path
	route.Paging
}

func (h handler) steps(ctx context.Context, in *stepsInput) (*route.Body[route.List[plan.Journaled]], error) {
	before, err := route.Number(in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := plan.Steps(ctx, h.db, route.Actor(ctx), in.ID, int(before), in.Limit+1)
	return route.OK(route.Page(list, in.Limit, func(s plan.Journaled) string { return strconv.Itoa(s.Seq) }), err)
}

type presenceInput struct {
	Path
	Body struct {
		At   *orb.Point `json:"at,omitempty" doc:"the place you look at, [lon, lat]"`
		Unit *int       `json:"unit,omitempty" doc:"the unit you have chosen"`
	}
}

// Others are who else has a draft open.
type Others struct {
	Others []plan.Presence `json:"others"`
}

func (h handler) presence(ctx context.Context, in *presenceInput) (*route.Body[Others], error) {
	var at *geo.Point
	if p := in.Body.At; p != nil && p[0] >= -180 && p[0] <= 180 && p[1] >= -90 && p[1] <= 90 {
		place := geo.Snap(*p)
		at = &place
	}
	list, err := h.shop.Here(ctx, route.Actor(ctx), in.ID, at, in.Body.Unit)
	return route.OK(Others{list}, err)
}
