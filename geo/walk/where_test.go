package walk

import (
	"testing"

	"wangge/geo"
)

func TestWhereAnAccessMeetsItsStreet(t *testing.T) {
	at := func(x, y int32) geo.Point { return geo.Point{X: 1_215_000_000 + x, Y: 311_000_000 + y} }
	line := []geo.Point{at(0, 0), at(10_000, 0), at(10_000, 10_000)}
	n := assemble([]geo.Point{line[0], line[2]}, []draft{{from: 0, to: 1, line: line}})
	first := uint32(Distance(line[0], line[1]) + 0.5)
	for _, c := range []struct {
		offset uint32
		want   geo.Point
	}{{0, line[0]}, {first / 2, at(5_000, 0)}, {first, line[1]}, {n.Length(0), line[2]}} {
		got := n.Where(Access{Offset: c.offset})
		if Distance(got, c.want) > 20 { // mm
			t.Errorf("%d mm from the start: %v, want %v", c.offset, got, c.want)
		}
	}
	if Square.String() != "square" || Link.String() != "link" || Road.String() != "road" {
		t.Error("kinds have other names")
	}
}
