package plan

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/staff"
)

// ErrAltered means that a plan is no longer what was sealed.
var ErrAltered = fault.New(fault.Conflict, "plan_altered", "The plan is not what was adopted: its units do not give the digest that was sealed then. An administrator has to find out who changed the database.")

// Digest is the SHA-256 of a division, as hexadecimal digits: of its level, of the
// units above that it redraws, of its units and of the gaps that were accepted, with
// their reasons. It depends on no order and no number under which they are kept, nor
// on where a ring begins. docs/exchange.md says it byte by byte, so that anybody can
// work it out from a file.
func Digest(level string, units []Unit) string {
	lists := map[Role][][]byte{}
	for _, u := range units {
		var record []byte
		if u.Role != Excluded { // an accepted gap has no code, and its name is the reason
			record = appendText(record, u.Code)
		}
		record = appendText(record, u.Name)
		record = appendText(record, u.Parent)
		lists[u.Role] = append(lists[u.Role], appendArea(record, u.Area))
	}
	b := appendText([]byte("wangge plan 1\n"), level)
	for _, role := range []Role{Parent, Part, Excluded} {
		b = appendSorted(b, lists[role])
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// appendText appends a text, without white space around it, with its length in bytes
// before it.
func appendText(b []byte, text string) []byte {
	text = strings.TrimSpace(text)
	return append(binary.BigEndian.AppendUint32(b, uint32(len(text))), text...)
}

// appendSorted appends how many records there are, and the records in the order of
// their bytes.
func appendSorted(b []byte, records [][]byte) []byte {
	slices.SortFunc(records, bytes.Compare)
	b = binary.BigEndian.AppendUint32(b, uint32(len(records)))
	for _, r := range records {
		b = append(b, r...)
	}
	return b
}

// appendArea appends polygons in the order of their bytes: the outer ring, then the
// holes in the order of theirs.
func appendArea(b []byte, area geo.MultiPolygon) []byte {
	polygons := make([][]byte, 0, len(area))
	for _, polygon := range area {
		if len(polygon) == 0 {
			continue
		}
		holes := make([][]byte, 0, len(polygon)-1)
		for _, hole := range polygon[1:] {
			holes = append(holes, appendRing(nil, hole, false))
		}
		polygons = append(polygons, appendSorted(appendRing(nil, polygon[0], true), holes))
	}
	return appendSorted(b, polygons)
}

// appendRing appends how many points a ring has, and its points: counter-clockwise
// for an outer ring, clockwise for a hole, from the most western one on (of several
// the most southern). A ring that passes there twice begins where what follows is
// more western, then more southern.
func appendRing(b []byte, ring geo.Ring, outer bool) []byte {
	if ring.DoubledArea() > 0 != outer {
		ring = ring.Reversed()
	}
	start := 0
	for i := range ring {
		if from(ring, i, start) < 0 {
			start = i
		}
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(ring)))
	for i := range ring {
		p := ring[(start+i)%len(ring)]
		b = binary.BigEndian.AppendUint32(b, uint32(p.X))
		b = binary.BigEndian.AppendUint32(b, uint32(p.Y))
	}
	return b
}

// from compares a ring read from i on with itself read from j on.
func from(ring geo.Ring, i, j int) int {
	for k := range ring {
		p, q := ring[(i+k)%len(ring)], ring[(j+k)%len(ring)]
		if order := cmp.Or(cmp.Compare(p.X, q.X), cmp.Compare(p.Y, q.Y)); order != 0 {
			return order
		}
	}
	return 0
}

// Seal keeps the digest of a plan as it stands, in the transaction that adopts it. A
// plan that was sealed before must still give the same: ErrAltered.
func Seal(ctx context.Context, tx pgx.Tx, id int64) (digest string, err error) {
	var level, sealed string
	err = tx.QueryRow(ctx, `SELECT level, coalesce(digest, '') FROM plan WHERE id = $1 FOR UPDATE`, id).Scan(&level, &sealed)
	if err != nil {
		return "", fmt.Errorf("seal plan %d: %w", id, err)
	}
	units, err := Units(ctx, tx, staff.System, id)
	if err != nil {
		return "", err
	}
	digest = Digest(level, units)
	if sealed != "" && sealed != digest {
		return "", fmt.Errorf("seal plan %d: %w", id, ErrAltered)
	}
	if _, err := tx.Exec(ctx, `UPDATE plan SET digest = $2 WHERE id = $1`, id, digest); err != nil {
		return "", fmt.Errorf("seal plan %d: %w", id, err)
	}
	return digest, nil
}

// SameArea reports whether two areas have the same rings, whatever their order and
// wherever they begin.
func SameArea(a, b geo.MultiPolygon) bool { return bytes.Equal(appendArea(nil, a), appendArea(nil, b)) }
