package dossier

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"wangge/geo/atlas"
	"wangge/geo/audit"
	"wangge/geo/job"
	"wangge/geo/pg"
	"wangge/geo/plan"
	"wangge/geo/staff"
	"wangge/geo/vectorfile"
)

// Maker is what dossiers are made with.
type Maker struct {
	Font func() (*atlas.Font, error)
	Key  *audit.Key // signs archives, as it signs the log; nil = they stay unsigned
}

// The forms of a dossier.
const (
	PDF = "pdf"
	ZIP = "zip"
)

var mediaTypes = map[string]string{PDF: "application/pdf", ZIP: "application/zip"}

// Make prepares the dossier of a plan that was adopted, and records it. The same plan
// gives the same bytes, signature included.
//
// Errors: plan.ErrUnknown, plan.ErrAltered, ErrDraft, ErrExport, staff.ErrForbidden,
// staff.ErrOutside, atlas.ErrFont.
func (m Maker) Make(ctx context.Context, db pg.DB, actor staff.Actor, id int64, as string) (File, error) {
	file, h, err := m.prepare(ctx, db, actor, id, as, func(string, int64, int64) {})
	if err != nil {
		return File{}, err
	}
	return file, h.record(ctx, db, actor, "dossier", as)
}

func (m Maker) prepare(ctx context.Context, db pg.DB, actor staff.Actor, id int64, as string, step job.Step) (File, *held, error) {
	if _, err := adopted(ctx, db, actor, id, as); err != nil {
		return File{}, nil, err
	}
	h, err := open(ctx, db, actor, id)
	if err != nil {
		return File{}, nil, err
	}
	if m.Font == nil {
		return File{}, nil, atlas.ErrFont
	}
	font, err := m.Font()
	if err != nil {
		return File{}, nil, err
	}
	c, err := h.contents(ctx, db, actor)
	if err != nil {
		return File{}, nil, err
	}
	c.step = step
	file := File{Name: fmt.Sprintf("plan-%d-dossier.%s", id, as), MediaType: mediaTypes[as],
		Write: func(ctx context.Context, w io.Writer) error { return c.book(ctx).PDF(w, font) }}
	if as == ZIP {
		file.Write = func(ctx context.Context, w io.Writer) error { return c.archive(ctx, w, font, m.Key) }
	}
	return file, h, nil
}

// adopted is a plan that has a dossier of a form, for who may export it.
func adopted(ctx context.Context, db pg.DB, actor staff.Actor, id int64, as string) (plan.Plan, error) {
	if mediaTypes[as] == "" {
		return plan.Plan{}, ErrExport
	}
	p, err := exported(ctx, db, actor, id)
	if err == nil && p.State != plan.Adopted && p.State != plan.Published {
		err = fmt.Errorf("dossier of plan %d: %w", id, ErrDraft)
	}
	return p, err
}

// What is in an archive, and what it says of itself.
const (
	kindOfArchive = "wangge plan dossier 1"
	manifestName  = "manifest.json"
	signatureName = manifestName + ".sig"
	keyName       = "audit-key.pem"
)

// manifest names every other file of an archive. It begins with its kind, so that its
// signature is none of anything else.
type manifest struct {
	Kind        string     `json:"kind"`
	Plan        int64      `json:"plan"`
	Name        string     `json:"name"`
	Level       string     `json:"level"`
	State       plan.State `json:"state"`
	EffectiveOn string     `json:"effective_on"`
	Digest      string     `json:"digest"`
	Files       []packed   `json:"files"`
	Key         string     `json:"key,omitempty"` // name of the key that signs
}

type packed struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

const readme = `方案卷宗 Dossier of a plan

dossier.pdf             图幅、前后对比、规则、决定、沿革 map sheets, units before and after, rules, decision, lineage
plan.geojson, plan.gpkg 边界(可重新导入,摘要不变)the boundaries; they can be imported again and give the same digest
units.csv, units.xlsx   单元表 table of units
tables/                 卷宗各表 the tables of the dossier
manifest.json           以上各文件的 SHA-256 和方案摘要 the SHA-256 of each file, and the digest of the plan
manifest.json.sig       签名(Ed25519)signature of manifest.json, when the installation has a key
audit-key.pem           公钥,应与安装方另行提供的一致 the public key; compare it with the one you were given: wangge audit key

核验 To verify:
  sha256sum dossier.pdf plan.geojson …
  openssl pkeyutl -verify -pubin -inkey audit-key.pem -rawin -in manifest.json -sigfile manifest.json.sig
The digest of the plan is described byte by byte in docs/exchange.md.
`

// archive writes the ZIP: all files, then what proves them.
func (c contents) archive(ctx context.Context, w io.Writer, font *atlas.Font, key *audit.Key) error {
	a := archive{zip: zip.NewWriter(w), at: c.at()}
	text := func(content string) func(io.Writer) error {
		return func(w io.Writer) error { _, err := io.WriteString(w, content); return err }
	}
	a.add("README.txt", text(readme))
	a.add("dossier.pdf", func(w io.Writer) error { return c.book(ctx).PDF(w, font) })
	a.add("plan.geojson", func(w io.Writer) error { return writeGeoJSON(ctx, w, c.boundaries(), c.notes()) })
	a.add("plan.gpkg", func(w io.Writer) error { return writeGeoPackage(ctx, w, c.boundaries(), c.notes()) })
	a.add("units.csv", func(w io.Writer) error { return vectorfile.WriteCSV(w, c.table()) })
	a.add("units.xlsx", func(w io.Writer) error { return writeXLSX(ctx, w, c.table(), c.notes()) })
	for _, s := range c.sections {
		a.add("tables/"+s.name+".csv", func(w io.Writer) error { return vectorfile.WriteCSV(w, sheetOf(s.table)) })
	}
	m := manifest{Kind: kindOfArchive, Plan: c.ID, Name: c.Name, Level: c.Level, State: c.State, EffectiveOn: c.day().String(), Digest: c.digest, Files: a.files}
	if key != nil {
		m.Key = key.Public().ID()
	}
	said, err := json.MarshalIndent(m, "", "\t")
	if err != nil {
		return fmt.Errorf("dossier of plan %d: %w", c.ID, err)
	}
	a.add(manifestName, text(string(said)))
	if key != nil {
		public, err := key.Public().PEM()
		if err != nil {
			return err
		}
		a.add(signatureName, text(string(key.SignFile(said))))
		a.add(keyName, text(string(public)))
	}
	if a.err == nil {
		a.err = a.zip.Close()
	}
	if a.err != nil {
		return fmt.Errorf("dossier of plan %d: %w", c.ID, a.err)
	}
	return nil
}

// archive keeps the first error of all, and the digests of what was written.
type archive struct {
	zip   *zip.Writer
	at    time.Time
	files []packed
	err   error
}

func (a *archive) add(name string, write func(io.Writer) error) {
	if a.err != nil {
		return
	}
	file, err := a.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: a.at})
	sum, size := sha256.New(), counter(0)
	if err == nil {
		err = write(io.MultiWriter(file, sum, &size))
	}
	if err != nil {
		a.err = fmt.Errorf("%s: %w", name, err)
		return
	}
	a.files = append(a.files, packed{name, int64(size), hex.EncodeToString(sum.Sum(nil))})
}

// counter counts bytes.
type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// sheetOf is a table of the PDF as a layer, all in texts as they stand there.
func sheetOf(t atlas.Table) vectorfile.Layer {
	l := vectorfile.Layer{Name: t.Title}
	for _, c := range t.Columns {
		l.Columns = append(l.Columns, vectorfile.Column{Name: c.Title, Type: vectorfile.Text})
	}
	l.Rows = func(yield func(vectorfile.Row, error) bool) {
		for _, cells := range t.Rows {
			row := vectorfile.Row{Values: make([]any, len(t.Columns))}
			for i := range row.Values {
				if i < len(cells) {
					row.Values[i] = cells[i]
				}
			}
			if !yield(row, nil) {
				return
			}
		}
	}
	return l
}
