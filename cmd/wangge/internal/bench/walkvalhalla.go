package bench

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"wangge/geo"
)

// Valhalla's package is fetched for the run, as the lock file says, and used nowhere
// else.
//
//go:embed valhalla/package.json valhalla/package-lock.json valhalla/isochrone.mjs
var valhallaFiles embed.FS

// drawnByValhalla is what Valhalla draws around one place.
type drawnByValhalla struct {
	MS   float64 `json:"ms"`
	Area *struct {
		Type        string          `json:"type"`
		Coordinates json.RawMessage `json:"coordinates"`
	} `json:"area"`
}

// valhalla asks Valhalla for polygons around the places that drawn begins with; why
// says why there is none.
func (b *walkBench) valhalla(ctx context.Context) (answers []drawnByValhalla, why string, err error) {
	if b.town.file == "" {
		return nil, "Valhalla reads an .osm.pbf, and this town has none", nil
	}
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			return nil, program + " is not installed", nil
		}
	}
	folder, err := os.MkdirTemp("/var/tmp", "wangge-valhalla-")
	if err != nil {
		return nil, "", err
	}
	defer os.RemoveAll(folder)
	for _, name := range []string{"package.json", "package-lock.json", "isochrone.mjs"} {
		text, err := valhallaFiles.ReadFile("valhalla/" + name)
		if err != nil {
			return nil, "", err
		}
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			return nil, "", err
		}
	}
	run := func(name string, args ...string) ([]byte, error) {
		c := exec.CommandContext(ctx, name, args...)
		var out, said bytes.Buffer
		c.Dir, c.Stdout, c.Stderr = folder, &out, &said
		if err := c.Run(); err != nil {
			return nil, fmt.Errorf("%s %s: %w: %s", name, args[0], err, said.Bytes())
		}
		return out.Bytes(), nil
	}
	b.lab.Say("walk: Valhalla builds its own network")
	if _, err := run("npm", "install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"); err != nil {
		return nil, "its package could not be fetched", nil
	}
	config, err := run("npx", "valhalla", "build_config", "--mjolnir-tile-dir", filepath.Join(folder, "tiles"), "--mjolnir-concurrency", "1")
	if err != nil {
		return nil, "", err
	}
	if err := os.WriteFile(filepath.Join(folder, "config.json"), config, 0o644); err != nil {
		return nil, "", err
	}
	if _, err := run("npx", "valhalla", "build_tiles", "-c", "config.json", b.town.file); err != nil {
		return nil, "", err
	}
	places := make([]orb.Point, 100)
	for i := range places {
		places[i] = b.home(i).Degrees()
	}
	text, err := json.Marshal(places)
	if err != nil {
		return nil, "", err
	}
	if err := os.WriteFile(filepath.Join(folder, "places.json"), text, 0o644); err != nil {
		return nil, "", err
	}
	if _, err := run("node", "isochrone.mjs", "config.json", "places.json", "answers.json"); err != nil {
		return nil, "", err
	}
	if text, err = os.ReadFile(filepath.Join(folder, "answers.json")); err != nil {
		return nil, "", err
	}
	return answers, "", json.Unmarshal(text, &answers)
}

// times of what Valhalla drew.
func times(answers []drawnByValhalla) (list spent) {
	for _, a := range answers {
		if a.Area != nil {
			list = append(list, time.Duration(a.MS*1e6))
		}
	}
	slices.Sort(list)
	return list
}

// area on the ground.
func (d drawnByValhalla) area() (geo.SquareMeters, error) {
	var area orb.MultiPolygon
	var err error
	if d.Area.Type == "Polygon" {
		area = make(orb.MultiPolygon, 1)
		err = json.Unmarshal(d.Area.Coordinates, &area[0])
	} else {
		err = json.Unmarshal(d.Area.Coordinates, &area)
	}
	return geo.FromOrb(area).SquareMeters(), err
}
