// Package upload takes in files. It keeps a copy while somebody works on it,
// records what came (digest, size, declared reference system), and hands the
// file to its subject: boundaries become a draft, ledgers are imported, counts of
// people become a demand set, an OpenStreetMap extract the background map, street
// lines its streets.
//
// The bytes of boundary files stay with the upload. Of all others only digest
// and report stay, for they may hold personal columns.
package upload

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/crs"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Kind is what a file holds.
type Kind string

// The kinds.
const (
	Boundaries    Kind = "boundaries"
	Zones         Kind = "zones"
	Households    Kind = "households"
	Incidents     Kind = "incidents"
	ServicePoints Kind = "service-points"
	OSM           Kind = "osm"
	Streets       Kind = "streets"
	Demand        Kind = "demand"
	Candidates    Kind = "candidates"
	Premises      Kind = "premises"
	Checkpoints   Kind = "checkpoints"
	Blocks        Kind = "blocks"
	Beats         Kind = "beats"
	Links         Kind = "links"
)

// Request is what a person says about a file.
type Request struct {
	Kind        Kind              `json:"kind"`
	FileName    string            `json:"file_name"`
	Layer       string            `json:"layer,omitempty"`  // of a file with several; "" = the first
	CRS         string            `json:"crs"`              // as declared
	Preset      string            `json:"preset,omitempty"` // boundaries
	Level       string            `json:"level,omitempty"`  // boundaries
	Fields      map[string]string `json:"fields,omitempty"` // our field → the file's column
	Source      string            `json:"source,omitempty"` // ledgers: who keeps the file; demand: the name of the set
	Confirm     string            `json:"confirm,omitempty"`
	Spread      bool              `json:"spread,omitempty"` // demand: people of cells over the buildings of the map
	DryRun      bool              `json:"dry_run,omitempty"`
	Full        bool              `json:"full,omitempty"`
	CloseAbsent bool              `json:"close_absent,omitempty"`
}

// Upload is a file that came.
type Upload struct {
	ID        int64           `json:"id"`
	Kind      Kind            `json:"kind"`
	FileName  string          `json:"file_name"`
	Size      int64           `json:"size" doc:"bytes"`
	SHA256    string          `json:"sha256"`
	CRS       string          `json:"crs"`
	Guard     json.RawMessage `json:"guard" doc:"the verdict on the declared reference system"`
	Confirmed *string         `json:"confirmed" doc:"why it was taken though it could not be checked"`
	Report    json.RawMessage `json:"report"`
	PlanID    *int64          `json:"plan_id" doc:"the draft it became"`
	CreatedBy string          `json:"created_by"`
	CreatedAt time.Time       `json:"created_at"`
}

// Result is how an import ended.
type Result struct {
	UploadID int64 `json:"upload_id"`
	PlanID   int64 `json:"plan_id,omitempty"`
	Report   any   `json:"report,omitempty"`
}

// Faults of this package.
var (
	ErrUnknown   = fault.New(fault.NotFound, "upload_unknown", "There is no such upload.")
	ErrKind      = fault.New(fault.Invalid, "kind_unknown", "Say what the file holds: boundaries, zones, households, incidents, service-points, demand, candidates, premises, checkpoints, blocks, beats, links, osm or streets.")
	ErrMismatch  = fault.New(fault.Invalid, "crs_mismatch", "The coordinates do not look like the declared reference system.")
	ErrUnchecked = fault.New(fault.Invalid, "crs_unchecked", "Nothing is known here that the declared reference system could be checked against. Confirm it with a reason.")
	ErrNoShapes  = fault.New(fault.Invalid, "file_no_shapes", "The file has no shape that could be read, so there is nothing to import.")
	ErrFileCRS   = fault.New(fault.Invalid, "crs_contradicts_file", "The file itself names another reference system than you declared.")
	ErrNoCode    = fault.New(fault.Invalid, "columns_unknown", "No column is recognised as code or name. Say which they are.")
	ErrGone      = fault.New(fault.Conflict, "file_gone", "The file is no longer here. Upload it again.")
)

// Step reports progress: the stage, and done of total (0 = not known).
type Step func(stage string, done, total int64)

// List returns uploads with an id below before (0 = from the newest on), newest first.
func List(ctx context.Context, db pg.DB, actor staff.Actor, before int64, limit int) ([]Upload, error) {
	area := actor.Area(staff.Import)
	rows, _ := db.Query(ctx, `SELECT`+columns+` WHERE ($1 = 0 OR u.id < $1) AND in_area(u.area_id, $2, $3) ORDER BY u.id DESC LIMIT $4`,
		before, area.All, area.Roots, limit)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Upload])
	if err != nil {
		return nil, fmt.Errorf("uploads: %w", err)
	}
	return list, nil
}

// Get returns one upload, or ErrUnknown.
func Get(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (Upload, error) {
	area := actor.Area(staff.Import)
	rows, _ := db.Query(ctx, `SELECT`+columns+` WHERE u.id = $1 AND in_area(u.area_id, $2, $3)`, id, area.All, area.Roots)
	u, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Upload])
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrUnknown
	}
	if err != nil {
		return Upload{}, fmt.Errorf("upload %d: %w", id, err)
	}
	return u, nil
}

const columns = `
	u.id, u.kind, u.file_name, u.size, u.sha256, u.crs, u.guard, u.confirmed, u.report,
	(SELECT max(p.id) FROM plan p WHERE p.upload_id = u.id), u.created_by, u.created_at
	FROM upload u`

// Original returns the bytes of a boundary file as it came.
func Original(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (name string, content []byte, err error) {
	area := actor.Area(staff.Import)
	err = db.QueryRow(ctx, `SELECT file_name, content FROM upload WHERE id = $1 AND content IS NOT NULL AND in_area(area_id, $2, $3)`,
		id, area.All, area.Roots).Scan(&name, &content)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrUnknown
	}
	if err != nil {
		return "", nil, fmt.Errorf("original of upload %d: %w", id, err)
	}
	return name, content, nil
}

func store(ctx context.Context, db pg.DB, actor staff.Actor, req Request, file File) (id int64, err error) {
	var confirmed *string
	if req.Confirm != "" {
		confirmed = &req.Confirm
	}
	err = db.QueryRow(ctx, `
		INSERT INTO upload (kind, file_name, size, sha256, crs, confirmed, created_by, area_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id`,
		string(req.Kind), req.FileName, file.Size, file.SHA256, req.CRS, confirmed, actor.Name, actor.Area(staff.Import).Home()).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("record upload: %w", err)
	}
	return id, nil
}

func storeReport(ctx context.Context, db pg.DB, id int64, report any, guard *crs.Verdict) error {
	_, err := db.Exec(ctx, `UPDATE upload SET report = $2, guard = coalesce($3, guard) WHERE id = $1`, id, report, guard)
	if err != nil {
		return fmt.Errorf("report of upload %d: %w", id, err)
	}
	return nil
}
