// Package layer knows at which version each layer of the map stands.
package layer

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"wangge/geo/pg"
)

// Versions returns the version of every layer that ever changed. It rises with
// every change; the same version is the same picture.
func Versions(ctx context.Context, db pg.DB) (map[string]int64, error) {
	rows, _ := db.Query(ctx, `SELECT layer, max(version) FROM layer_change GROUP BY layer`)
	versions := map[string]int64{}
	var name string
	var version int64
	_, err := pgx.ForEachRow(rows, []any{&name, &version}, func() error {
		versions[name] = version
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("layer versions: %w", err)
	}
	return versions, nil
}
