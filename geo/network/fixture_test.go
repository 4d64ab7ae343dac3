package network

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"google.golang.org/protobuf/encoding/protowire"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
)

// block is a small neighbourhood: two streets that meet, one with a gate, a house
// with a yard, a pond, a park, a school and a village name.
func block() (nodes []node, ways []way, relations []relation) {
	at := func(id int64, x, y float64, tags ...string) {
		nodes = append(nodes, node{id, 121.5 + x*0.001, 31.1 + y*0.001, tags})
	}
	at(1, 0, 0)
	at(2, 1, 0, "barrier", "gate", "access", "private")
	at(3, 2, 0)
	at(4, 1, 1)
	at(11, 3, 3) // house, outer
	at(12, 5, 3, "entrance", "main", "addr:unit", "1")
	at(13, 5, 5)
	at(14, 3, 5)
	at(21, 3.5, 3.5) // yard, inner
	at(22, 4.5, 3.5)
	at(23, 4.5, 4.5)
	at(24, 3.5, 4.5)
	at(31, 6, 6) // pond
	at(32, 7, 6)
	at(33, 7, 7)
	at(41, 9, 9, "place", "village", "name", "康桥村", "name:en", "Kangqiao")
	at(42, 9, 8, "amenity", "school", "name", "康桥小学")
	at(43, 9, 7, "amenity", "bench")
	at(44, 9, 6, "place", "country", "name", "某国")
	ways = []way{
		{100, []int64{1, 2, 3}, []string{"highway", "residential", "name", "康沈路", "name:en", "Kangshen Road", "bridge", "yes", "foot", "yes", "note", "not kept"}},
		{101, []int64{2, 4}, []string{"highway", "footway", "layer", "-1"}},
		{102, []int64{1, 4}, []string{"highway", "proposed"}},
		{110, []int64{11, 12, 13}, nil},
		{111, []int64{11, 14, 13}, nil},
		{120, []int64{21, 22, 23, 24, 21}, nil},
		{130, []int64{31, 32, 33, 31}, []string{"natural", "water", "water", "pond"}},
		{131, []int64{31, 33, 32, 31}, []string{"leisure", "park", "name", "公园", "amenity", "library"}},
		{132, []int64{31, 32}, []string{"waterway", "canal"}},
	}
	relations = []relation{
		{200, []relationMember{{110, "outer"}, {111, "outer"}, {120, "inner"}}, []string{"type", "multipolygon", "building", "yes", "name", "3号楼"}},
		{201, []relationMember{{110, "outer"}, {111, "outer"}}, []string{"type", "boundary", "boundary", "administrative", "admin_level", "8", "name", "康桥镇", "ref", "310115"}},
		{202, []relationMember{{110, "outer"}, {111, "outer"}}, []string{"type", "boundary", "boundary", "administrative", "admin_level", "2", "name", "某国"}},
	}
	return nodes, ways, relations
}

func importBytes(t *testing.T, tx pgx.Tx, file []byte) (Imported, error) {
	t.Helper()
	return Import(t.Context(), tx, staff.Local, "test.osm.pbf", bytes.NewReader(file), int64(len(file)), nil)
}

// stored are the features as "class kind type id".
func stored(t *testing.T, tx pgx.Tx) []string {
	t.Helper()
	rows, _ := tx.Query(t.Context(), `
		SELECT f.class || ' ' || f.kind || ' ' || f.osm_type || f.osm_id
		FROM map_feature f JOIN network_import i ON i.id = f.import_id AND i.current ORDER BY 1`)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestAnExtractBecomesTheMap(t *testing.T) {
	tx := pgtest.Tx(t)
	nodes, ways, relations := block()
	got, err := importBytes(t, tx, extractOf(t, nodes, ways, relations))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"barrier gate n2", "building yes r200", "entrance main n12", "green park w131", "place village n41",
		"service library w131", "service school n42", "street footway w101", "street residential w100", "water canal w132", "water pond w130",
	}
	if list := stored(t, tx); !slices.Equal(list, want) {
		t.Errorf("features = %q, want %q", list, want)
	}
	if got.Attribution != Attribution || got.Counts[Street] != 2 || got.Counts["damaged_relations"] != 0 {
		t.Errorf("import = %+v", got)
	}
	var name, nameEn string
	var layer int
	var tags map[string]string
	var ids []int64
	var shape orb.Geometry
	err = tx.QueryRow(t.Context(), `SELECT name, name_en, layer, tags, nodes, geom FROM map_feature WHERE osm_id = 100`).Scan(&name, &nameEn, &layer, &tags, &ids, &shape)
	if err != nil || name != "康沈路" || nameEn != "Kangshen Road" || layer != 1 || len(tags) != 2 || tags["foot"] != "yes" || !slices.Equal(ids, []int64{1, 2, 3}) {
		t.Errorf("street = %q %q %d %v %v, %v", name, nameEn, layer, tags, ids, err)
	}
	if line, ok := shape.(orb.LineString); !ok || len(line) != 3 || line[1] != (orb.Point{121.501, 31.1}) {
		t.Errorf("course = %v", shape)
	}
	var house geo.MultiPolygon
	if err := tx.QueryRow(t.Context(), `SELECT geom FROM map_feature WHERE osm_id = 200`).Scan(&house); err != nil || len(house) != 1 || len(house[0]) != 2 {
		t.Errorf("house = %v, %v; want a ring with a yard", house, err)
	}
}

func TestANewImportReplacesTheMapAtOnce(t *testing.T) {
	tx := pgtest.Tx(t)
	nodes, ways, relations := block()
	first, err := importBytes(t, tx, extractOf(t, nodes, ways, relations))
	if err != nil {
		t.Fatal(err)
	}
	broken := extractOf(t, nodes, ways, relations)
	if _, err := importBytes(t, tx, broken[:len(broken)-20]); !errors.Is(err, ErrDamaged) {
		t.Errorf("a cut file: %v", err)
	}
	current, ok, err := Current(t.Context(), tx, staff.Local)
	if err != nil || !ok || current.ID != first.ID {
		t.Fatalf("after a failed import the map is %+v, %v, %v", current, ok, err)
	}
	second, err := Store(t.Context(), tx, staff.System, Source{FileName: "town", Attribution: "invented"}, func(yield func(Feature) bool) {
		yield(Feature{Class: Street, OSMType: FromTown, OSMID: 1, Kind: "residential", Name: "康桥路", NameEn: "Kangqiao Road",
			Nodes: []int64{1, 2}, Shape: orb.LineString{{121.5, 31.1}, {121.51, 31.1}}})
	})
	if err != nil || second.Counts[Street] != 1 || second.Attribution != "invented" {
		t.Fatalf("second = %+v, %v", second, err)
	}
	var imports, features int
	if err := tx.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM network_import), (SELECT count(*) FROM map_feature)`).Scan(&imports, &features); err != nil || imports != 1 || features != 1 {
		t.Errorf("%d imports and %d features are left, %v; want 1 and 1", imports, features, err)
	}
	if name, err := StreetAt(t.Context(), tx, staff.Local, geo.Snap(orb.Point{121.505, 31.1005})); err != nil || name != "康桥路" {
		t.Errorf("street = %q, %v", name, err)
	}
	if name, err := StreetAt(t.Context(), tx, staff.Local, geo.Snap(orb.Point{121.6, 31.2})); err != nil || name != "" {
		t.Errorf("street far away = %q, %v", name, err)
	}
	found, err := Search(t.Context(), tx, staff.Local, "kangqiao", 10)
	if err != nil || len(found) != 1 || found[0].Name != "康桥路" {
		t.Errorf("found %+v, %v", found, err)
	}
	box, err := Bound(t.Context(), tx)
	if err != nil || box.Min != geo.Snap(orb.Point{121.5, 31.1}) {
		t.Errorf("bound %+v, %v", box, err)
	}
	if e, err := Evidence(t.Context(), tx, box); err != nil || len(e.Lines) != 1 {
		t.Errorf("evidence %+v, %v", e, err)
	}
}

func TestFilesThatAreNoExtractsAreRefused(t *testing.T) {
	nodes, ways, relations := block()
	good := extractOf(t, nodes, ways, relations)
	flip := func(at int) []byte {
		b := bytes.Clone(good)
		b[at] ^= 0xff
		return b
	}
	for _, tt := range []struct {
		name string
		file []byte
		want error
	}{
		{"empty", nil, ErrFormat},
		{"three bytes", []byte("abc"), ErrFormat},
		{"a text", []byte("<osm version='0.6'></osm> and a lot more text to read"), ErrFormat},
		{"zeros", make([]byte, 1000), ErrFormat},
		{"a header only", extractOf(t, nil, nil, nil), ErrEmpty},
		{"nothing for the map", extractOf(t, []node{{1, 121.5, 31.1, nil}}, nil, nil), ErrEmpty},
		{"cut in a block", good[:len(good)-7], ErrDamaged},
		{"cut in a header", append(bytes.Clone(good), 0, 0, 0, 13, 10), ErrDamaged},
		{"damaged compression", flip(len(good) - 20), ErrDamaged},
		{"a block of another kind", append(bytes.Clone(good), blockOf(t, "OSMHeader", nil)...), ErrDamaged},
		{"the same way twice", extractOf(t, nodes, append(ways, ways[0]), nil), ErrDamaged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := importBytes(t, pgtest.Tx(t), tt.file); !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v", err, tt.want)
			}
		})
	}
}

func TestBlocksThatLieAboutThemselvesAreRefused(t *testing.T) {
	number := func(b []byte, n protowire.Number, v uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(b, n, protowire.VarintType), v)
	}
	table := bytesField(nil, 1, bytesField(nil, 1, nil))
	group := func(n protowire.Number, element []byte) []byte {
		return bytesField(bytes.Clone(table), 2, bytesField(nil, n, element))
	}
	dense := bytesField(bytesField(bytesField(nil, 1, []byte{2}), 8, []byte{2}), 9, []byte{2})
	wayOf := func(fields ...[]byte) []byte { return bytes.Join(append([][]byte{number(nil, 1, 1)}, fields...), nil) }
	for name, content := range map[string][]byte{
		"a tag beyond the table": group(3, wayOf(bytesField(nil, 2, []byte{5}), bytesField(nil, 3, []byte{6}), bytesField(nil, 8, []byte{2, 2}))),
		"keys without values":    group(3, wayOf(bytesField(nil, 2, []byte{0}), bytesField(nil, 8, []byte{2, 2}))),
		"half a number":          group(3, wayOf(bytesField(nil, 8, []byte{2, 0x80}))),
		"a role beyond":          group(4, wayOf(bytesField(nil, 8, []byte{9}), bytesField(nil, 9, []byte{2}), bytesField(nil, 10, []byte{1}))),
		"fewer types than roles": group(4, wayOf(bytesField(nil, 8, []byte{0, 0}), bytesField(nil, 9, []byte{2, 2}), bytesField(nil, 10, []byte{1}))),
		"a node's tag beyond":    group(2, bytesField(bytes.Clone(dense), 10, []byte{7, 7, 0})),
		"a node's key alone":     group(2, bytesField(bytes.Clone(dense), 10, []byte{0, 1})),
		"no latitudes":           group(2, bytesField(bytesField(nil, 1, []byte{2}), 9, []byte{2})),
		"cut inside":             group(2, dense)[:6],
	} {
		t.Run(name, func(t *testing.T) {
			file := append(extractOf(t, nil, nil, nil), blockOf(t, "OSMData", content)...)
			if _, err := importBytes(t, pgtest.Tx(t), file); !errors.Is(err, ErrDamaged) {
				t.Errorf("%v, want it refused as damaged", err)
			}
		})
	}
	bomb := number(nil, 2, 1<<30)
	bomb = bytesField(bomb, 3, []byte{0x78, 0x9c})
	file := append(extractOf(t, nil, nil, nil), append(headerOf("OSMData", len(bomb)), bomb...)...)
	if _, err := importBytes(t, pgtest.Tx(t), file); !errors.Is(err, ErrDamaged) {
		t.Errorf("a block of a gigabyte: %v", err)
	}
}

func TestDamagedRelationsAreReportedAndLeftOut(t *testing.T) {
	nodes, ways, _ := block()
	building := []string{"type", "multipolygon", "building", "yes"}
	for _, tt := range []struct {
		name    string
		members []relationMember
		problem string
	}{
		{"a way that is not there", []relationMember{{110, "outer"}, {111, "outer"}, {999, "outer"}}, "1 of its ways are not in the extract"},
		{"an open ring", []relationMember{{110, "outer"}}, "2 ends of outer ways meet no other"},
		{"an inner ring outside", []relationMember{{110, "outer"}, {111, "outer"}, {130, "inner"}}, "an inner ring lies in no outer one"},
		{"no ways", nil, "it has no ways"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tx := pgtest.Tx(t)
			got, err := importBytes(t, tx, extractOf(t, nodes, ways, []relation{{200, tt.members, building}}))
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Problems) != 1 || got.Problems[0].Detail != tt.problem || got.Problems[0].Pointer != "relation 200" || got.Counts[Building] != 0 {
				t.Errorf("import = %+v, want %q", got, tt.problem)
			}
		})
	}
}

func TestNationalAndProvincialBoundariesAreNotTaken(t *testing.T) {
	nodes, ways, relations := block()
	file := extractOf(t, nodes, ways, relations)
	for _, level := range []int{1, 2, 3, 4, 13} {
		if _, err := Boundaries(t.Context(), bytes.NewReader(file), int64(len(file)), []int{level, 8}); !errors.Is(err, ErrLevel) {
			t.Errorf("level %d: %v", level, err)
		}
	}
	got, err := Boundaries(t.Context(), bytes.NewReader(file), int64(len(file)), []int{8})
	if err != nil || len(got) != 1 || got[0].Properties["name"] != "康桥镇" || got[0].Properties["code"] != "310115" || got[0].Geometry == nil {
		t.Errorf("boundaries = %+v, %v", got, err)
	}
	_, err = Boundaries(t.Context(), bytes.NewReader(file), int64(len(file)), []int{9, 10})
	if f := fault.Of(err); !errors.Is(err, ErrNoAreas) || !strings.HasPrefix(f.Detail, "It has some of admin_level 8 (1): name one") {
		t.Errorf("levels that are not there: %v", err)
	}
	file = extractOf(t, nodes, ways, relations[:1])
	_, err = Boundaries(t.Context(), bytes.NewReader(file), int64(len(file)), []int{8})
	if f := fault.Of(err); !errors.Is(err, ErrNoAreas) || !strings.HasPrefix(f.Detail, "It has none of any level") {
		t.Errorf("an extract without boundaries: %v", err)
	}
}

func TestAnImportStopsWhenItIsCancelled(t *testing.T) {
	pool := pgtest.Database(t)
	nodes, ways, relations := block()
	file := extractOf(t, nodes, ways, relations)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Import(ctx, pool, staff.Local, "test.osm.pbf", bytes.NewReader(file), int64(len(file)), func(_, _ int64, stage string) {
		if stage == StageWays {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, ok, err := Current(t.Context(), pool, staff.Local); ok || err != nil {
		t.Errorf("something was stored, %v", err)
	}
}

func TestRingsAreAssembledAndCutWhereTheyTouch(t *testing.T) {
	p := func(x, y int32) geo.Point { return geo.Point{X: x, Y: y} }
	// An eight: two squares that share node 3, walked in one line.
	eight := member{ids: []int64{1, 2, 3, 5, 6, 7, 3, 4, 1}, at: []geo.Point{p(0, 0), p(10, 0), p(10, 10), p(20, 10), p(20, 20), p(10, 20), p(10, 10), p(0, 10), p(0, 0)}}
	area, problems := assemble([]member{eight})
	if len(problems) != 0 || len(area) != 2 || len(area[0]) != 1 || len(area[1]) != 1 {
		t.Errorf("an eight became %v, %v", area, problems)
	}
	// An island in a lake in an island.
	square := func(id int64, from, to int32, inner bool) member {
		return member{inner: inner, ids: []int64{id, id + 1, id + 2, id + 3, id}, at: []geo.Point{p(from, from), p(from, to), p(to, to), p(to, from), p(from, from)}}
	}
	area, problems = assemble([]member{square(10, 0, 100, false), square(20, 10, 90, true), square(30, 20, 80, false), square(40, 30, 70, true)})
	if len(problems) != 0 || len(area) != 2 || len(area[0]) != 2 || len(area[1]) != 2 {
		t.Fatalf("nested rings became %v, %v", area, problems)
	}
	for _, polygon := range area {
		if polygon[0].DoubledArea() <= 0 || polygon[1].DoubledArea() >= 0 {
			t.Errorf("rings run the wrong way: %v", polygon)
		}
	}
	// A flat ring has no area.
	if area, problems = assemble([]member{{ids: []int64{1, 2, 1}, at: []geo.Point{p(0, 0), p(5, 5), p(0, 0)}}}); len(area) != 0 {
		t.Errorf("a flat ring became %v, %v", area, problems)
	}
}

func TestPlainNodesAreReadLikeDenseOnes(t *testing.T) {
	number := func(b []byte, n protowire.Number, v int64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(b, n, protowire.VarintType), protowire.EncodeZigZag(v))
	}
	table := bytesField(nil, 1, bytesField(bytesField(bytesField(nil, 1, nil), 1, []byte("amenity")), 1, []byte("school")))
	plain := number(number(number(nil, 1, 7), 8, 311_000_000), 9, 1_215_000_000)
	plain = bytesField(bytesField(plain, 2, []byte{1}), 3, []byte{2})
	file := append(extractOf(t, nil, nil, nil), blockOf(t, "OSMData", bytesField(table, 2, bytesField(nil, 1, plain)))...)
	tx := pgtest.Tx(t)
	if _, err := importBytes(t, tx, file); err != nil {
		t.Fatal(err)
	}
	var at geo.Point
	if err := tx.QueryRow(t.Context(), `SELECT geom FROM map_feature WHERE class = 'service' AND osm_id = 7`).Scan(&at); err != nil || at != (geo.Point{X: 1_215_000_000, Y: 311_000_000}) {
		t.Errorf("place = %v, %v", at, err)
	}
}

func TestFilesWithHistoryAreRefused(t *testing.T) {
	header := protowire.AppendString(protowire.AppendTag(nil, 4, protowire.BytesType), "HistoricalInformation")
	if _, err := importBytes(t, pgtest.Tx(t), blockOf(t, "OSMHeader", header)); !errors.Is(err, ErrHistory) {
		t.Errorf("%v, want %v", err, ErrHistory)
	}
}

// FuzzDecode gives the decoder blocks that were tampered with: they are refused
// or read, and nothing else.
func FuzzDecode(f *testing.F) {
	nodes, ways, relations := block()
	for _, group := range []func(*stringTable) []byte{
		func(s *stringTable) []byte { return denseOf(s, nodes) },
		func(s *stringTable) []byte { return waysOf(s, ways) },
		func(s *stringTable) []byte { return relationsOf(s, relations) },
	} {
		table := &stringTable{index: map[string]int{"": 0}, list: []string{""}}
		body := group(table)
		var strings []byte
		for _, s := range table.list {
			strings = bytesField(strings, 1, []byte(s))
		}
		f.Add(bytesField(bytesField(nil, 1, strings), 2, body))
	}
	header := extractOf(f, nil, nil, nil)
	f.Fuzz(func(t *testing.T, content []byte) {
		blob := bytesField(nil, 1, content) // not compressed
		file := append(append(bytes.Clone(header), headerOf("OSMData", len(blob))...), blob...)
		x := newExtract(t.Context(), bytes.NewReader(file), int64(len(file)), nil)
		x.accept = isArea
		x.emit = func(f Feature) error {
			if f.Shape == nil {
				t.Errorf("%s %d has no shape", f.Class, f.OSMID)
			}
			return nil
		}
		err := x.run()
		if err == nil {
			err = x.emitAreas()
		}
		if err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrFormat) {
			t.Errorf("a strange error: %v", err)
		}
	})
}
