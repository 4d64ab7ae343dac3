package pack

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"wangge/tiles/pack/packtest"
)

var update = flag.Bool("update", false, "write the golden file, which the page's tests read with the client of the browser")

// board is the tiles of some zooms around a place, each with contents of its own but for
// every seventh, which is like the others of these.
func board(seed uint64) (tiles []Tile) {
	random := rand.New(rand.NewPCG(seed, 1))
	for z := uint8(10); z <= 14; z++ {
		x, y := uint32(857)<<(z-10), uint32(418)<<(z-10)
		for i := range uint32(1) << (z - 10) {
			for k := range uint32(1) << (z - 10) {
				body := fmt.Sprintf("tile %d/%d/%d%*x", z, x+i, y+k, 4+random.IntN(60), random.Uint64())
				if (i+k)%7 == 0 {
					body = "sea"
				}
				tiles = append(tiles, Tile{z, x + i, y + k, deflate([]byte(body))})
			}
		}
	}
	return tiles
}

func about() About {
	return About{MinZoom: 10, MaxZoom: 14, Bounds: [4]float64{121.2891, 31.2032, 121.6406, 31.5035}, Metadata: []byte(`{"vector_layers":[]}`)}
}

func TestIDsFollowTheSpecification(t *testing.T) {
	// The examples of the specification, and two far ones by its reference implementation.
	for _, tt := range []struct {
		z    uint8
		x, y uint32
		id   uint64
	}{{0, 0, 0, 0}, {1, 0, 0, 1}, {1, 0, 1, 2}, {1, 1, 1, 3}, {1, 1, 0, 4}, {2, 0, 0, 5}, {2, 1, 0, 6}, {2, 1, 1, 7}, {2, 0, 1, 8}, {12, 3423, 1763, 19078479}, {17, 109760, 53522, 19540256345}} {
		if got := ID(tt.z, tt.x, tt.y); got != tt.id {
			t.Errorf("ID(%d/%d/%d) = %d, want %d", tt.z, tt.x, tt.y, got, tt.id)
		}
	}
}

func TestIDsOfAZoomAreAWalkFromTileToTile(t *testing.T) {
	const z = 6
	at := map[uint64][2]int{}
	for x := range uint32(1) << z {
		for y := range uint32(1) << z {
			at[ID(z, x, y)] = [2]int{int(x), int(y)}
		}
	}
	first := ID(z, 0, 0)
	for id := first; id < first+1<<(2*z)-1; id++ {
		a, here := at[id]
		b, there := at[id+1]
		if !here || !there || max(a[0]-b[0], b[0]-a[0])+max(a[1]-b[1], b[1]-a[1]) != 1 {
			t.Fatalf("tile %d is %v, %d is %v: want neighbours", id, a, id+1, b)
		}
	}
}

func TestEveryTileIsFoundAgain(t *testing.T) {
	for _, tt := range []struct {
		name          string
		root, leaf    int
		leaves        bool
		alsoSeed      uint64
		dropOneInFour bool
	}{
		{"in the root", maxRoot, leafSize, false, 1, false},
		{"in leaves", 400, 16, true, 2, false},
		{"in leaves that had to grow", 120, 2, true, 3, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tiles := board(tt.alsoSeed)
			kept, left := tiles, []Tile(nil)
			if tt.dropOneInFour {
				kept = nil
				for i, tile := range tiles {
					if i%4 == 3 {
						left = append(left, tile)
					} else {
						kept = append(kept, tile)
					}
				}
			}
			file := packtest.File(encode(kept, about(), tt.root, tt.leaf))
			if string(file[:8]) != "PMTiles\x03" || file[96] != 1 {
				t.Fatalf("the header begins with %q, clustered %d", file[:8], file[96])
			}
			if got := file.Number(48) > 0; got != tt.leaves {
				t.Errorf("leaf directories: %v, want %v", got, tt.leaves)
			}
			if root := file.Number(16); root > uint64(tt.root) {
				t.Errorf("the root has %d bytes, want at most %d", root, tt.root)
			}
			if got := file.Number(72); got != uint64(len(kept)) {
				t.Errorf("%d tiles, want %d", got, len(kept))
			}
			for _, tile := range kept {
				if got := file.Tile(t, ID(tile.Z, tile.X, tile.Y)); !bytes.Equal(got, tile.Body) {
					t.Fatalf("tile %d/%d/%d is %q", tile.Z, tile.X, tile.Y, got)
				}
			}
			for _, tile := range left {
				if got := file.Tile(t, ID(tile.Z, tile.X, tile.Y)); got != nil {
					t.Fatalf("tile %d/%d/%d is there, and was left out", tile.Z, tile.X, tile.Y)
				}
			}
			if end := file.Number(56) + file.Number(64); end != uint64(len(file)) {
				t.Errorf("contents end at %d of %d", end, len(file))
			}
		})
	}
}

func TestEqualTilesAreWrittenOnce(t *testing.T) {
	body := deflate([]byte("sea"))
	var tiles []Tile
	for x := range uint32(64) {
		for y := range uint32(64) {
			tiles = append(tiles, Tile{6, x, y, body})
		}
	}
	file := packtest.File(Encode(tiles, about()))
	if entries, contents := file.Number(80), file.Number(88); entries != 1 || contents != 1 {
		t.Errorf("%d entries, %d contents of 4096 equal neighbours, want 1 and 1", entries, contents)
	}
	if got := file.Number(64); got != uint64(len(body)) {
		t.Errorf("contents have %d bytes, want %d", got, len(body))
	}
}

func TestTheOrderOfTilesDoesNotMatter(t *testing.T) {
	tiles := board(4)
	want := Encode(tiles, about())
	rand.New(rand.NewPCG(5, 5)).Shuffle(len(tiles), func(i, k int) { tiles[i], tiles[k] = tiles[k], tiles[i] })
	if !bytes.Equal(Encode(tiles, about()), want) {
		t.Error("shuffled tiles make another file")
	}
}

// The client of the browser reads this file in web/tests/unit/pack.test.ts.
func TestTheFileIsTheOneThatTheClientReads(t *testing.T) {
	const name = "testdata/leaves.pmtiles"
	got := encode(board(6), about(), 400, 16)
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the file has %d bytes and differs from %s: run the test with -update", len(got), name)
	}
}
