package topology

import (
	"slices"

	"wangge/geo"
)

// Repair mends the violation in one of the ways it offers. It changes which parts
// cover which faces and nothing else; look at Violations again afterwards, for a
// repair can bring other faults to light. Many repairs one after the other cost
// no more than one while they concern different places. A parent that the repair
// before has fitted already may be fitted again.
//
// It fails with ErrNoViolation when there is no such violation (any more) and
// with ErrRepair when the violation does not offer this repair.
func (m *Mosaic) Repair(id string, kind RepairKind) error {
	if v := m.byID[id]; v == nil || m.overtaken(v) && kind != FitParent {
		m.look()
	}
	v := m.byID[id]
	if v == nil {
		return ErrNoViolation.Saying(id)
	}
	if !slices.Contains(v.Repairs, kind) {
		return ErrRepair.Saying(string(kind) + " for " + id)
	}
	m.mend(v, kind)
	delete(m.byID, id)
	m.looked = false
	return nil
}

// overtaken reports whether a repair since the last look has changed a face of
// the violation.
func (m *Mosaic) overtaken(v *found) bool {
	return slices.ContainsFunc(v.faces, func(f int32) bool { return m.touched[f] })
}

// Limit says which violations are small enough for a bulk repair. A zero field
// does not limit.
type Limit struct {
	SquareMeters geo.SquareMeters
	Width        geo.Meters
}

func (l Limit) allows(v *Violation) bool {
	return (l.SquareMeters == 0 || v.SquareMeters <= l.SquareMeters) && (l.Width == 0 || v.Width <= l.Width)
}

// maxRounds ends RepairAll for hierarchies in which repairs of one level keep
// breaking another.
const maxRounds = 16

// RepairAll mends all violations of a kind within limit, and those of the same
// kind that come to light by doing so. An empty repair stands for whatever each
// violation recommends. It returns what was mended, in order, for the record;
// violations that do not offer the repair are left alone.
func (m *Mosaic) RepairAll(kind Kind, repair RepairKind, limit Limit) []Violation {
	var mended []Violation
	for range maxRounds {
		m.look()
		before := len(mended)
		for _, v := range m.found {
			if v.Kind != kind || !limit.allows(&v.Violation) || len(v.Repairs) == 0 {
				continue
			}
			with := repair
			if with == "" {
				with = v.Repairs[0]
			}
			if slices.Contains(v.Repairs, with) && (with == FitParent || !m.overtaken(v)) {
				m.mend(v, with)
				mended = append(mended, v.Violation)
			}
		}
		if len(mended) == before {
			break
		}
		m.looked = false
	}
	return mended
}

func (m *Mosaic) mend(v *found, kind RepairKind) {
	switch kind {
	case Fill:
		m.give(v.into, v.faces)
	case Cut:
		m.cut(v)
	case Clip:
		m.take(v.units[0], v.faces)
	case Split:
		m.self[v.self].mended = true
	case Exclude:
		m.exclude(v.faces)
	case FitParent:
		m.fit(v.parent)
	}
}

// cut leaves an overlap to one part: the lowest code among the parts whose parent
// covers the place, or among all if that is none.
func (m *Mosaic) cut(v *found) {
	for _, f := range v.faces {
		keep := slices.IndexFunc(v.units, func(u int32) bool {
			parent := m.units[u].parent
			return parent != none && m.covers(parent, f)
		})
		for i, u := range v.units {
			if i != max(keep, 0) {
				m.take(u, []int32{f})
			}
		}
	}
}

// exclude accepts faces as a gap.
func (m *Mosaic) exclude(faces []int32) {
	accepted := slices.IndexFunc(m.units, func(u unit) bool { return u.role == excludedRole })
	if accepted < 0 {
		accepted = len(m.units)
		m.units = append(m.units, unit{role: excludedRole, parent: none})
	}
	m.give(int32(accepted), faces)
}

// fit redraws a parent as the union of its parts and of what it excludes.
func (m *Mosaic) fit(parent int32) {
	var lose, gain []int32
	for f := range int32(len(m.cover)) {
		had := m.covers(parent, f)
		has := slices.ContainsFunc(m.cover[f], func(u int32) bool { return m.units[u].parent == parent })
		switch {
		case had && !has && !m.excluded(f):
			lose = append(lose, f)
		case has && !had:
			gain = append(gain, f)
		}
	}
	m.take(parent, lose)
	m.give(parent, gain)
}
