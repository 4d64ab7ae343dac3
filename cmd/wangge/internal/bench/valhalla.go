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
)

// Valhalla's package is fetched for the run, as the lock file says, and used nowhere
// else.
//
//go:embed valhalla/package.json valhalla/package-lock.json valhalla/isochrone.mjs valhalla/trace.mjs
var valhallaFiles embed.FS

// valhalla is the program in a temporary folder, with the networks that it has built.
type valhalla struct{ folder string }

// openValhalla fetches the program; why says why there is none.
func openValhalla(ctx context.Context) (v *valhalla, why string, err error) {
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			return nil, program + " is not installed", nil
		}
	}
	folder, err := os.MkdirTemp("/var/tmp", "wangge-valhalla-")
	if err != nil {
		return nil, "", err
	}
	v = &valhalla{folder: folder}
	files, err := valhallaFiles.ReadDir("valhalla")
	for _, f := range files {
		var text []byte
		if text, err = valhallaFiles.ReadFile("valhalla/" + f.Name()); err == nil {
			err = v.write(f.Name(), text)
		}
		if err != nil {
			break
		}
	}
	if err != nil {
		v.close()
		return nil, "", err
	}
	if _, err := v.run(ctx, "npm", "install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"); err != nil {
		v.close()
		return nil, "its package could not be fetched", nil
	}
	return v, "", nil
}

func (v *valhalla) close() { _ = os.RemoveAll(v.folder) }

func (v *valhalla) write(name string, text []byte) error {
	return os.WriteFile(filepath.Join(v.folder, name), text, 0o644)
}

func (v *valhalla) run(ctx context.Context, name string, args ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, name, args...)
	var out, said bytes.Buffer
	c.Dir, c.Stdout, c.Stderr = v.folder, &out, &said
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("%s %s: %w: %s", name, args[0], err, said.Bytes())
	}
	return out.Bytes(), nil
}

// build makes a network of a map, an .osm.pbf, under a name.
func (v *valhalla) build(ctx context.Context, name, file string) error {
	config, err := v.run(ctx, "npx", "valhalla", "build_config", "--mjolnir-tile-dir", filepath.Join(v.folder, "tiles-"+name), "--mjolnir-concurrency", "1")
	if err != nil {
		return err
	}
	if err := v.write(name+".json", config); err != nil {
		return err
	}
	if _, err := v.run(ctx, "npx", "valhalla", "build_tiles", "-c", name+".json", file); err != nil {
		return err
	}
	// It ends well even where it was aborted.
	if built, err := filepath.Glob(filepath.Join(v.folder, "tiles-"+name, "2", "*", "*", "*.gph")); err != nil || len(built) == 0 {
		return fmt.Errorf("Valhalla made nothing of %s", file)
	}
	return nil
}

// ask has a script answer questions about a network. Valhalla itself writes to the
// standard output, so both go through files.
func (v *valhalla) ask(ctx context.Context, script, network string, questions, answers any) error {
	text, err := json.Marshal(questions)
	if err != nil {
		return err
	}
	if err := v.write("questions.json", text); err != nil {
		return err
	}
	if _, err := v.run(ctx, "node", script, network+".json", "questions.json", "answers.json"); err != nil {
		return err
	}
	if text, err = os.ReadFile(filepath.Join(v.folder, "answers.json")); err != nil {
		return err
	}
	return json.Unmarshal(text, answers)
}
