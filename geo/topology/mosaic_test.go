package topology

import (
	"context"
	"math/rand/v2"
	"testing"
)

func TestSmoke(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	q := newQuilt(rng, 10, 5, 5000)
	if v := Check(q.parent, q.parts); v != nil {
		t.Fatal(v[0])
	}
	q.merge("004004", "003003", "003004", "003005", "004003", "004005", "005003", "005004")
	if v := Check(q.parent, q.parts); v != nil {
		t.Fatal(v[0])
	}
	m, err := Build(context.Background(), q.parents(), q.parts)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range m.Violations() {
		t.Errorf("%+v", v)
	}
	t.Log(m.Noded(), len(m.cover))
	p := q.at("002002")
	p.Area[0][0][3].X += 200
	if v := Check(q.parent, q.parts); v == nil {
		t.Fatal("no")
	} else {
		t.Logf("%+v", v)
	}
	m, _ = Build(context.Background(), q.parents(), q.parts)
	for _, v := range m.Violations() {
		t.Logf("%+v", v)
	}
	m.RepairAll(Gap, "", Limit{})
	m.RepairAll(Overlap, "", Limit{})
	if v := Check(m.Parents()[0].Area, m.Parts()); v != nil {
		t.Fatal(v[0])
	}
	areas := append(areasOf(m.Parts()), m.Parents()[0].Area)
	n := NewNet(areas)
	for _, tol := range []float64{0, 10, 100, 1000, 10000, 1e9} {
		out := n.Simplify(tol)
		parts := m.Parts()
		c := 0
		for i := range parts {
			parts[i].Area = out[i]
			c += countVertices(out[i])
		}
		if v := Check(out[len(parts)], parts); v != nil {
			t.Fatal(tol, v[0])
		}
		t.Log(tol, c)
	}
}
