package bench

import (
	"context"

	tilebench "wangge/tiles/bench"
)

// mixedTiles asks for 400 tiles of a county, as people move about the map.
func mixedTiles() Benchmark {
	return Benchmark{
		Name:  "tiles",
		About: "tiles z10 to z17 of a county of 3,000 grids: ours, against ST_AsMVT with the same content",
		Run: func(ctx context.Context, lab Lab) ([]Row, error) {
			got, err := tilebench.Run(ctx, tilebench.Scaled(lab.Pool, lab.Say, lab.Scale))
			rows := make([]Row, len(got))
			for i, r := range got {
				rows[i] = Row(r)
			}
			return rows, err
		},
	}
}
