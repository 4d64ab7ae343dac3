package circle

import (
	"errors"
	"testing"

	"wangge/geo/cell"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/walk"
)

func packedExample() []byte {
	m := &making{params: Params{K: 2}, crowd: &crowd{id: []int64{7, 9, 400}}}
	w := &walked{answer: answer{mm: []uint32{0, walk.Never, 1_000_000}, source: []int32{3, -1, 0}}, reason: []reason{reached, island, reached},
		pairs: &walk.Matrix{First: []int{0, 2, 2, 3}, Source: []int32{3, 1, 0}, MM: []uint32{0, 250, 1_000_000}}}
	return m.encodeHouseholds(w, []int32{0, 1, 2})
}

func TestResultsComeBackFromTheirBytes(t *testing.T) {
	body := packedExample()
	list, err := decodeHouseholds(body, true)
	if err != nil || len(list) != 3 {
		t.Fatalf("%+v, %v", list, err)
	}
	if a, b, c := list[0], list[1], list[2]; a.id != 7 || len(a.near) != 2 || a.near[0].source != 3 || a.near[1] != (reachedSource{250, 1}) ||
		b.id != 9 || b.reason != island || len(b.near) != 0 || c.id != 400 || len(c.near) != 1 || c.near[0].mm != 1_000_000 {
		t.Errorf("%+v", list)
	}
	at := cell.At(ledgertest.At(0.5, 0.5)).Parent(9)
	cells, err := decodeCells(encodeCells([]CellRow{{Cell: at, Households: 12, Covered: 5, Minutes: value(7.25)}, {Cell: at + 1<<20, Households: 1}}), 2, 9, true)
	if err != nil || len(cells) != 2 || cells[0].Cell != at || cells[0].Covered != 5 || *cells[0].Minutes != 7.25 || cells[1].Minutes != nil || !cells[1].Rounded || cells[1].Column != 2 {
		t.Errorf("%+v, %v", cells, err)
	}
}

func FuzzDecodeHouseholds(f *testing.F) {
	body := packedExample()
	for n := range body {
		f.Add(body[:n])
		if _, err := decodeHouseholds(body[:n], true); !errors.Is(err, errDamaged) {
			f.Errorf("the first %d bytes: %v", n, err)
		}
	}
	f.Add(append([]byte{}, encoding, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1))
	f.Fuzz(func(t *testing.T, body []byte) {
		_, _ = decodeHouseholds(body, true)
		_, _ = decodeCells(body, 0, 9, false)
	})
}
