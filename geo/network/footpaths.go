package network

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"golang.org/x/sync/singleflight"

	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/walk"
)

// ErrNoNetwork says that there are no streets to walk on.
var ErrNoNetwork = fault.New(fault.Conflict, "network_missing", "There is no walking network. Import a map first: wangge import osm FILE.")

// Paths is what is stored about the walking network of an import.
type Paths struct {
	SHA256 string `json:"sha256" doc:"of the network's bytes: the same streets and rules give the same"`
	Nodes  int    `json:"nodes"`
	walk.Report
}

// Version names a walking network: an import, and what was made of it.
type Version struct {
	ID          int64     `json:"id" doc:"of the map's import"`
	SHA256      string    `json:"sha256" doc:"of the network's bytes"`
	FileName    string    `json:"file_name"`
	Attribution string    `json:"attribution"`
	ImportedAt  time.Time `json:"imported_at"`
	Nodes       int       `json:"nodes"`
	Edges       int       `json:"edges"`
	Km          float64   `json:"km"`
	Pieces      int       `json:"pieces"`
}

// Footpaths holds the walking network of the current import, one for all requests.
type Footpaths struct {
	db      pg.DB
	loading singleflight.Group
	mu      sync.Mutex
	network *walk.Network
	version Version
}

// NewFootpaths reads from db, as the engine or whoever else may read imports. To
// build the network of an import that was made before there were any, it must be
// the engine.
func NewFootpaths(db pg.DB) *Footpaths { return &Footpaths{db: db} }

// Current is the walking network of the current import. It asks the database which
// that is, every time, and loads it when it is another one than before; several
// that ask at once wait for one loading. ErrNoNetwork when there is no map, or one
// without streets.
func (f *Footpaths) Current(ctx context.Context) (*walk.Network, Version, error) {
	now, err := version(ctx, f.db)
	if err != nil {
		return nil, Version{}, err
	}
	if n := f.held(now); n != nil {
		return n, now, nil
	}
	// The loading serves others too: it goes on when the one who began it leaves.
	loaded := f.loading.DoChan(fmt.Sprint(now.ID, now.SHA256), func() (any, error) {
		return nil, f.load(context.WithoutCancel(ctx), now)
	})
	select {
	case <-ctx.Done():
		return nil, Version{}, ctx.Err()
	case result := <-loaded:
		if result.Err != nil {
			return nil, Version{}, result.Err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.network, f.version, nil
}

// held is the network in memory, if it is of this version.
func (f *Footpaths) held(v Version) *walk.Network {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.network == nil || f.version.ID != v.ID || f.version.SHA256 != v.SHA256 {
		return nil
	}
	return f.network
}

func (f *Footpaths) load(ctx context.Context, v Version) error {
	if f.held(v) != nil {
		return nil // somebody else was just done
	}
	n, err := readWalking(ctx, f.db, v.ID)
	if v.SHA256 == "" || errors.Is(err, walk.ErrVersion) || errors.Is(err, walk.ErrDamaged) {
		if err := rebuild(ctx, f.db, v.ID); err != nil {
			return fmt.Errorf("walking network of import %d: %w", v.ID, err)
		}
		if v, err = version(ctx, f.db); err == nil {
			n, err = readWalking(ctx, f.db, v.ID)
		}
	}
	if errors.Is(err, ErrNoNetwork) {
		// Another import took the place of this one since its version was read.
		if now, again := version(ctx, f.db); again == nil && now.ID != v.ID {
			return f.load(ctx, now)
		}
	}
	if err != nil {
		return fmt.Errorf("walking network of import %d: %w", v.ID, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.network, f.version = n, v
	return nil
}

// version is that of the current import.
func version(ctx context.Context, db pg.DB) (Version, error) {
	var v Version
	err := db.QueryRow(ctx, `
		SELECT id, file_name, attribution, imported_at, coalesce(walking->>'sha256', ''), coalesce((walking->>'nodes')::int, 0),
		       coalesce((walking->>'edges')::int, 0), coalesce((walking->>'km')::float8, 0), coalesce((walking->>'pieces')::int, 0)
		FROM network_import WHERE current`).
		Scan(&v.ID, &v.FileName, &v.Attribution, &v.ImportedAt, &v.SHA256, &v.Nodes, &v.Edges, &v.Km, &v.Pieces)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && v.SHA256 != "" && v.Edges == 0 {
		return v, ErrNoNetwork
	}
	if err != nil {
		return v, fmt.Errorf("version of the walking network: %w", err)
	}
	return v, nil
}

// readWalking reads the stored bytes. An import without any gives ErrNoNetwork.
func readWalking(ctx context.Context, db pg.DB, id int64) (*walk.Network, error) {
	rows, _ := db.Query(ctx, `SELECT bytes FROM walking_network WHERE import_id = $1 ORDER BY part`, id)
	parts, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		return nil, err
	}
	if len(parts) == 0 {
		return nil, ErrNoNetwork
	}
	readers := make([]io.Reader, len(parts))
	for i, part := range parts {
		readers[i] = bytes.NewReader(part)
	}
	return walk.Decode(io.MultiReader(readers...))
}

// partSize is how many bytes of a network one row holds.
const partSize = 1 << 20

// storeWalking builds the walking network of an import and stores it.
func storeWalking(ctx context.Context, tx pgx.Tx, id int64, source walk.Source) (Paths, error) {
	n, report, err := walk.Build(ctx, source)
	if err != nil {
		return Paths{}, fmt.Errorf("build the walking network: %w", err)
	}
	var encoded bytes.Buffer
	if err := n.Encode(&encoded); err != nil {
		return Paths{}, err
	}
	sum := sha256.Sum256(encoded.Bytes())
	paths := Paths{SHA256: hex.EncodeToString(sum[:]), Nodes: n.Nodes(), Report: report}
	if _, err := tx.Exec(ctx, `DELETE FROM walking_network WHERE import_id = $1`, id); err != nil {
		return Paths{}, err
	}
	for part := 0; encoded.Len() > 0; part++ {
		_, err := tx.Exec(ctx, `INSERT INTO walking_network (import_id, part, bytes) VALUES ($1, $2, $3)`, id, part, encoded.Next(partSize))
		if err != nil {
			return Paths{}, err
		}
	}
	_, err = tx.Exec(ctx, `UPDATE network_import SET walking = $2 WHERE id = $1`, id, paths)
	return paths, err
}

// rebuild builds the walking network of an import that is stored already. When
// another import has taken its place meanwhile, there is nothing to do.
func rebuild(ctx context.Context, db pg.DB, id int64) error {
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('network'))`); err != nil {
			return err
		}
		var current bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM network_import WHERE id = $1 AND current)`, id).Scan(&current); err != nil || !current {
			return err
		}
		var walking collector
		if err := eachFeature(ctx, tx, id, walking.add); err != nil {
			return err
		}
		_, err := storeWalking(ctx, tx, id, walking.source)
		return err
	})
}

// eachFeature reads what walking needs of a stored map, entrances before buildings.
// The order is by the bytes of the class, whatever the database's collation.
func eachFeature(ctx context.Context, tx pgx.Tx, id int64, each func(Feature)) error {
	rows, _ := tx.Query(ctx, `
		SELECT class, osm_type, osm_id, kind, name, name_en, layer, tags, nodes, geom
		FROM map_feature
		WHERE import_id = $1 AND (class IN ('street', 'barrier', 'water', 'entrance') OR class = 'building' AND EXISTS (
			SELECT FROM map_feature e WHERE e.import_id = $1 AND e.class = 'entrance' AND e.geom && map_feature.geom))
		ORDER BY class = 'building', class, osm_type DESC, osm_id`, id)
	var f Feature
	var shape orb.Geometry
	_, err := pgx.ForEachRow(rows, []any{&f.Class, &f.OSMType, &f.OSMID, &f.Kind, &f.Name, &f.NameEn, &f.Layer, &f.Tags, &f.Nodes, &shape}, func() error {
		f.Shape = shape
		each(f)
		f = Feature{}
		return nil
	})
	return err
}
