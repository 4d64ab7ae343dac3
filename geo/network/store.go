package network

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"golang.org/x/sync/errgroup"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/crs"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Attribution is what the licence of OpenStreetMap asks to be shown.
const Attribution = "© OpenStreetMap contributors"

// Source is where features come from.
type Source struct {
	FileName    string
	SHA256      string
	Attribution string
}

// Imported is one import of a map.
type Imported struct {
	ID          int64          `json:"id"`
	FileName    string         `json:"file_name"`
	SHA256      string         `json:"sha256"`
	Attribution string         `json:"attribution"`
	Counts      map[string]int `json:"counts" doc:"features by class; partial_ways and damaged_relations"`
	ImportedBy  string         `json:"imported_by"`
	ImportedAt  time.Time      `json:"imported_at"`
	Walking     *Paths         `json:"walking" doc:"the walking network; null until it is built"`
	Problems    []fault.Place  `json:"problems" db:"-" doc:"damaged relations, the first 200"`
}

var faults = pg.Faults{
	"map_feature_pkey": ErrDamaged.Saying("The same element stands in it twice."),
}

// Import reads an .osm.pbf and makes it the map, in place of the one before. It
// is one transaction: while it runs and when it fails the old map stays.
func Import(ctx context.Context, db pg.DB, actor staff.Actor, name string, r io.ReaderAt, size int64, progress Progress) (Imported, error) {
	sum := sha256.New()
	if _, err := io.Copy(sum, &cancelled{ctx, io.NewSectionReader(r, 0, size)}); err != nil {
		return Imported{}, fmt.Errorf("import map %q: %w", name, err)
	}
	src := Source{FileName: name, SHA256: hex.EncodeToString(sum.Sum(nil)), Attribution: Attribution}
	x := newExtract(ctx, r, size, progress)
	x.accept = isArea
	done, err := replace(ctx, db, actor, src, false, func(inner context.Context, emit func(Feature) error) error {
		x.ctx, x.emit = inner, emit
		if err := x.run(); err != nil {
			return err
		}
		return x.emitAreas()
	}, func(counts map[string]int) {
		counts["partial_ways"], counts["damaged_relations"] = x.Partial, x.Damaged
	})
	if err != nil {
		return Imported{}, fmt.Errorf("import map %q: %w", name, err)
	}
	done.Problems = x.Problems
	return done, nil
}

// Store makes features of another origin the map, in place of the one before.
func Store(ctx context.Context, db pg.DB, actor staff.Actor, src Source, features iter.Seq[Feature]) (Imported, error) {
	done, err := replace(ctx, db, actor, src, false, func(inner context.Context, emit func(Feature) error) error {
		for f := range features {
			if err := emit(f); err != nil {
				return err
			}
		}
		return nil
	}, func(map[string]int) {})
	if err != nil {
		return Imported{}, fmt.Errorf("store map %q: %w", src.FileName, err)
	}
	return done, nil
}

// replace is one transaction that stores what produce emits and drops the map
// before it; with onlyStreets it keeps all of that but its streets.
func replace(ctx context.Context, db pg.DB, actor staff.Actor, src Source, onlyStreets bool,
	produce func(context.Context, func(Feature) error) error, report func(map[string]int)) (Imported, error) {
	var done Imported
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('network'))`); err != nil {
			return err
		}
		var id int64
		err := tx.QueryRow(ctx, `
			INSERT INTO network_import (file_name, sha256, attribution, imported_by)
			VALUES ($1, $2, $3, $4) RETURNING id`, src.FileName, src.SHA256, src.Attribution, actor.Name).Scan(&id)
		if err != nil {
			return err
		}
		var walking collector
		counts, err := copyFeatures(ctx, tx, id, func(inner context.Context, emit func(Feature) error) error {
			return produce(inner, walking.collecting(emit))
		})
		if err != nil {
			return faults.Of(err)
		}
		if len(counts) == 0 {
			return ErrEmpty
		}
		if onlyStreets {
			if err := keepRest(ctx, tx, id, counts, &walking); err != nil {
				return faults.Of(err)
			}
		}
		if _, err := storeWalking(ctx, tx, id, walking.source); err != nil {
			return err
		}
		report(counts)
		done, err = promote(ctx, tx, actor, id, counts)
		return err
	})
	return done, err
}

// copyFeatures streams what produce emits into the table and counts it by class.
func copyFeatures(ctx context.Context, tx pgx.Tx, id int64, produce func(context.Context, func(Feature) error) error) (map[string]int, error) {
	work, inner := errgroup.WithContext(ctx)
	queue := make(chan produced, 256)
	send := func(p produced) error {
		select {
		case queue <- p:
			return nil
		case <-inner.Done():
			return inner.Err()
		}
	}
	work.Go(func() error {
		defer close(queue)
		err := produce(inner, func(f Feature) error { return send(produced{feature: f}) })
		if err != nil {
			return send(produced{err: err}) // ends the COPY, which returns it
		}
		return nil
	})
	rows := &featureRows{id: id, queue: queue, counts: map[string]int{}}
	work.Go(func() error {
		// Not with inner: cancelling a COPY costs the connection, and the end of the
		// queue ends it as well.
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"map_feature"}, featureColumns, rows)
		if rows.err != nil {
			return rows.err // rather than what the database says of a COPY cut short
		}
		return err
	})
	if err := work.Wait(); err != nil {
		return nil, err
	}
	return rows.counts, nil
}

// produced is a feature, or why there are no more.
type produced struct {
	feature Feature
	err     error
}

var featureColumns = []string{"import_id", "class", "osm_type", "osm_id", "kind", "name", "name_en", "layer", "tags", "nodes", "geom"}

// featureRows hands features to COPY.
type featureRows struct {
	id     int64
	queue  <-chan produced
	next   Feature
	err    error
	counts map[string]int
}

func (r *featureRows) Next() bool {
	p, ok := <-r.queue
	r.next, r.err = p.feature, p.err
	if !ok || p.err != nil {
		return false
	}
	r.counts[p.feature.Class]++
	return true
}

func (r *featureRows) Values() ([]any, error) {
	f := r.next
	tags := make(map[string]string, len(f.Tags))
	for key, value := range f.Tags {
		tags[key] = clean(value)
	}
	return []any{r.id, f.Class, f.OSMType, f.OSMID, clean(f.Kind), clean(f.Name), clean(f.NameEn), f.Layer, tags, f.Nodes, f.Shape}, nil
}

func (r *featureRows) Err() error { return r.err }

// clean drops what the database cannot keep in a text.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "")
}

// promote makes the import current and drops all others.
func promote(ctx context.Context, tx pgx.Tx, actor staff.Actor, id int64, counts map[string]int) (Imported, error) {
	if _, err := tx.Exec(ctx, `DELETE FROM network_import WHERE id <> $1`, id); err != nil {
		return Imported{}, err
	}
	rows, _ := tx.Query(ctx, `
		UPDATE network_import SET current = true, counts = $2 WHERE id = $1
		RETURNING `+importColumns, id, counts)
	done, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Imported])
	if err != nil {
		return Imported{}, err
	}
	if _, err := tx.Exec(ctx, `SELECT raise_layer('background', NULL)`); err != nil {
		return Imported{}, err
	}
	detail := map[string]any{"counts": counts, "sha256": done.SHA256, "walking_sha256": done.Walking.SHA256}
	return done, audit.Write(ctx, tx, actor, "import", "network", fmt.Sprint(id), detail)
}

const importColumns = `id, file_name, sha256, attribution, counts, imported_by, imported_at, walking`

// Current is the import that is the map; ok is false when there is none.
func Current(ctx context.Context, db pg.DB, _ staff.Actor) (current Imported, ok bool, err error) {
	rows, _ := db.Query(ctx, `SELECT `+importColumns+` FROM network_import WHERE current`)
	current, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Imported])
	if errors.Is(err, pgx.ErrNoRows) {
		return Imported{}, false, nil
	}
	if err != nil {
		return Imported{}, false, fmt.Errorf("current map: %w", err)
	}
	return current, true, nil
}

// Bound is the box around the streets and buildings of the map; empty when there
// are none.
func Bound(ctx context.Context, db pg.DB) (geo.Bound, error) {
	var corners []float64
	err := db.QueryRow(ctx, `
		SELECT CASE WHEN count(*) > 0 THEN
			ARRAY[min(ST_XMin(f.geom)), min(ST_YMin(f.geom)), max(ST_XMax(f.geom)), max(ST_YMax(f.geom))] END
		FROM map_feature f
		JOIN network_import i ON i.id = f.import_id AND i.current
		WHERE f.class IN ('street', 'building')`).Scan(&corners)
	if err != nil {
		return geo.EmptyBound, fmt.Errorf("bound of the map: %w", err)
	}
	if corners == nil {
		return geo.EmptyBound, nil
	}
	return geo.EmptyBound.
		Extend(geo.Snap(orb.Point{corners[0], corners[1]})).
		Extend(geo.Snap(orb.Point{corners[2], corners[3]})), nil
}

// maxEvidence is how many streets, and how many buildings, are given to the guard.
const maxEvidence = 100_000

// Evidence are the streets and buildings in a box, for the guard of reference
// systems.
func Evidence(ctx context.Context, db pg.DB, box geo.Bound) (crs.Evidence, error) {
	var evidence crs.Evidence
	if box.Empty() {
		return evidence, nil
	}
	rows, _ := db.Query(ctx, evidenceOf, orb.Bound{Min: box.Min.Degrees(), Max: box.Max.Degrees()}, Street, maxEvidence)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[orb.Geometry])
	if err != nil {
		return evidence, fmt.Errorf("streets nearby: %w", err)
	}
	for _, shape := range lines {
		if line, ok := shape.(orb.LineString); ok {
			evidence.Lines = append(evidence.Lines, line)
		}
	}
	rows, _ = db.Query(ctx, evidenceOf, orb.Bound{Min: box.Min.Degrees(), Max: box.Max.Degrees()}, Building, maxEvidence)
	areas, err := pgx.CollectRows(rows, pgx.RowTo[orb.Geometry])
	if err != nil {
		return evidence, fmt.Errorf("buildings nearby: %w", err)
	}
	for _, shape := range areas {
		switch area := shape.(type) {
		case orb.MultiPolygon:
			evidence.Areas = append(evidence.Areas, area)
		case orb.Polygon:
			evidence.Areas = append(evidence.Areas, orb.MultiPolygon{area})
		}
	}
	return evidence, nil
}

const evidenceOf = `
	SELECT f.geom
	FROM map_feature f
	JOIN network_import i ON i.id = f.import_id AND i.current
	WHERE f.class = $2 AND f.geom && $1
	ORDER BY f.osm_type, f.osm_id
	LIMIT $3`

// Found is a street or place with a name.
type Found struct {
	ID     string     `json:"id"` // "w123"
	Class  string     `json:"class"`
	Kind   string     `json:"kind"`
	Name   string     `json:"name"`
	NameEn string     `json:"name_en"`
	At     orb.Point  `json:"point"`
	Bound  [4]float64 `json:"bbox"`
}

// Search returns streets and places whose name contains text, exact names and
// beginnings first. The pieces of a street are one result.
func Search(ctx context.Context, db pg.DB, _ staff.Actor, text string, limit int) ([]Found, error) {
	rows, _ := db.Query(ctx, `
		SELECT min(f.osm_type || f.osm_id), f.class, min(f.kind), f.name, max(f.name_en),
		       ST_PointOnSurface(min(f.geom::text)::geometry),
		       min(ST_XMin(f.geom)), min(ST_YMin(f.geom)), max(ST_XMax(f.geom)), max(ST_YMax(f.geom))
		FROM map_feature f
		JOIN network_import i ON i.id = f.import_id AND i.current
		WHERE f.class IN ('street', 'place', 'service', 'water', 'green')
		  AND (f.name ILIKE '%' || $1 || '%' OR f.name_en ILIKE '%' || $1 || '%')
		GROUP BY f.class, f.name, CASE WHEN f.class = 'street' THEN 0 ELSE f.osm_id END
		ORDER BY f.name <> $3, f.name NOT ILIKE $1 || '%', length(f.name), f.name
		LIMIT $2`, likely(text), limit, text)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Found, error) {
		var f Found
		err := row.Scan(&f.ID, &f.Class, &f.Kind, &f.Name, &f.NameEn, &f.At, &f.Bound[0], &f.Bound[1], &f.Bound[2], &f.Bound[3])
		return f, err
	})
	if err != nil {
		return nil, fmt.Errorf("search the map: %w", err)
	}
	return list, nil
}

// likely makes text safe within a LIKE pattern.
func likely(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
}

// maxStreet is how far, in degrees, a street with a name may lie from a place to
// be its street: about 150 m.
const maxStreet = 0.0015

// StreetAt is the name of the nearest street with a name, "" if none is near.
func StreetAt(ctx context.Context, db pg.DB, _ staff.Actor, place geo.Point) (string, error) {
	var name string
	err := db.QueryRow(ctx, `
		SELECT f.name
		FROM map_feature f
		JOIN network_import i ON i.id = f.import_id AND i.current
		WHERE f.class = 'street' AND f.name <> '' AND f.geom && ST_Expand($1::geometry, $2)
		ORDER BY f.geom::geography <-> $1::geography, f.osm_id
		LIMIT 1`, place, maxStreet).Scan(&name)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("street at a place: %w", err)
	}
	return name, nil
}
