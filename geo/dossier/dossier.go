// Package dossier gives a plan out: as a file of boundaries or a table for other
// programs, as the list of which household it assigns to which unit, and, once it is
// adopted, as a dossier for the archive: map sheets, tables, decision and lineage in one
// PDF, and all of it with the boundaries in one signed ZIP.
//
// A file of boundaries comes in again by the import of boundaries and is the same plan:
// it has the same digest (plan.Digest, docs/exchange.md).
package dossier

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/plan"
	"wangge/geo/setting"
	"wangge/geo/staff"
)

// Faults of this package.
var (
	ErrExport = fault.New(fault.NotFound, "plan_export_unknown", "There is no such export. Choose units as geojson, gpkg, shp, kml, csv or xlsx, or households as csv or xlsx.")
	ErrDraft  = fault.New(fault.Conflict, "dossier_of_draft", "Only an adopted plan has a dossier. A draft can be exported as a file.")
)

// File is checked and recorded, and ready to be written.
type File struct {
	Name      string
	MediaType string
	Write     func(ctx context.Context, w io.Writer) error
}

// held is a plan with all that its files say of it.
type held struct {
	plan.Plan
	units    []plan.Unit // above, then parts, then accepted gaps, by code
	digest   string
	level    grid.Level
	settings setting.Settings
	names    map[string]string // of the units above, by code
}

// exported is a plan for who may export where it lies.
func exported(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (plan.Plan, error) {
	if err := actor.Must(staff.Export); err != nil {
		return plan.Plan{}, err
	}
	p, err := plan.Get(ctx, db, actor, id)
	if err != nil {
		return plan.Plan{}, err
	}
	area := actor.Area(staff.Export)
	var within bool
	err = db.QueryRow(ctx, `SELECT coalesce(in_area(area_id, $2, $3), false) FROM plan WHERE id = $1`, id, area.All, area.Roots).Scan(&within)
	if err != nil {
		return plan.Plan{}, fmt.Errorf("area of plan %d: %w", id, err)
	}
	if !within {
		return plan.Plan{}, staff.ErrOutside
	}
	return p, nil
}

// open reads such a plan. One that was sealed must still be what it was:
// plan.ErrAltered.
func open(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (*held, error) {
	p, err := exported(ctx, db, actor, id)
	if err != nil {
		return nil, err
	}
	h := &held{Plan: p}
	if h.units, err = plan.Units(ctx, db, actor, id); err != nil {
		return nil, err
	}
	slices.SortStableFunc(h.units, inOrder)
	h.digest = plan.Digest(p.Level, h.units)
	if p.Digest != "" && p.Digest != h.digest {
		return nil, fmt.Errorf("export plan %d: %w", id, plan.ErrAltered)
	}
	levels, err := grid.Levels(ctx, db, actor, h.day())
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(levels, func(l grid.Level) bool { return l.Code == p.Level }); i >= 0 {
		h.level = levels[i]
	}
	if h.settings, err = setting.Get(ctx, db, staff.System); err != nil {
		return nil, err
	}
	return h, h.readNames(ctx, db)
}

var ranks = map[plan.Role]int{plan.Parent: 0, plan.Part: 1, plan.Excluded: 2}

func inOrder(a, b plan.Unit) int {
	if a.Role == plan.Excluded && b.Role == plan.Excluded { // it has no code of its own
		return cmp.Or(cmp.Compare(a.Parent, b.Parent), cmp.Compare(a.Name, b.Name), comparePoints(a.Area.Bound().Min, b.Area.Bound().Min))
	}
	return cmp.Or(cmp.Compare(ranks[a.Role], ranks[b.Role]), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Name, b.Name), comparePoints(a.Area.Bound().Min, b.Area.Bound().Min))
}

func comparePoints(p, q geo.Point) int { return cmp.Or(cmp.Compare(p.X, q.X), cmp.Compare(p.Y, q.Y)) }

// of are the plan's rows of a role.
func (h *held) of(role plan.Role) (list []plan.Unit) {
	for _, u := range h.units {
		if u.Role == role {
			list = append(list, u)
		}
	}
	return list
}

// parents are the codes of the units above that the plan divides or redraws.
func (h *held) parents() []string {
	codes := []string{} // never nil: SQL compares with it
	for _, u := range h.units {
		switch {
		case u.Role == plan.Parent:
			codes = append(codes, u.Code)
		case u.Parent != "":
			codes = append(codes, u.Parent)
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// day is the one on which the plan takes effect; of a draft, the one it was made.
func (h *held) day() geo.Day {
	if h.EffectiveOn != nil {
		return *h.EffectiveOn
	}
	return geo.DayOf(h.CreatedAt)
}

// at is when the plan became what it is: files are dated by it.
func (h *held) at() time.Time {
	for _, at := range []*time.Time{h.AdoptedAt, h.PublishedAt} {
		if at != nil {
			return at.UTC()
		}
	}
	return h.CreatedAt.UTC()
}

// readNames finds what the units above are called: in the plan, else in force when it
// takes effect.
func (h *held) readNames(ctx context.Context, db pg.DB) error {
	h.names = map[string]string{}
	rows, _ := db.Query(ctx, `
		SELECT u.code, b.name FROM boundary b JOIN unit u ON u.id = b.unit_id
		WHERE u.code = ANY ($1) AND b.valid_from <= $2 AND (b.valid_to IS NULL OR b.valid_to > $2)`, h.parents(), h.day())
	var code, name string
	_, err := pgx.ForEachRow(rows, []any{&code, &name}, func() error { h.names[code] = name; return nil })
	if err != nil {
		return fmt.Errorf("units above plan %d: %w", h.ID, err)
	}
	for _, u := range h.of(plan.Parent) {
		h.names[u.Code] = u.Name
	}
	return nil
}

// Note is something that readers of a file must know.
type Note struct{ Name, Text string }

// notes say of what plan a file is, and by which digest it can be told.
func (h *held) notes() []Note {
	notes := []Note{
		{"plan", strings.TrimSpace(fmt.Sprintf("%d %s", h.ID, h.Name))},
		{"level", strings.TrimSpace(fmt.Sprintf("%s %s %s", h.Level, h.level.TitleZh, h.level.TitleEn))},
		{"state", string(h.State)},
		{"effective_on", ""},
		{"digest", h.digest},
		{"attribution", h.settings.Attribution},
		{"review_number", h.settings.ReviewNumber},
	}
	if h.EffectiveOn != nil {
		notes[3].Text = h.EffectiveOn.String()
	}
	if h.settings.Demo {
		notes = append(notes, Note{"invented", "The data are invented. 数据为虚构。"})
	}
	return notes
}

// record writes down who took what out.
func (h *held) record(ctx context.Context, db pg.DB, actor staff.Actor, what, format string) error {
	return note(ctx, db, actor, h.ID, what, format, h.digest)
}

func note(ctx context.Context, db pg.DB, actor staff.Actor, id int64, what, format, digest string) error {
	return audit.Write(ctx, db, actor, "export", "plan", strconv.FormatInt(id, 10),
		map[string]any{"what": what, "format": format, "digest": digest})
}
