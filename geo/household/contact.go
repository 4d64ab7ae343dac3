package household

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/ledger"
	"wangge/geo/pg"
	"wangge/geo/privacy"
	"wangge/geo/sheet"
	"wangge/geo/staff"
	"wangge/geo/vault"
)

// A household may leave one contact: a name and a phone, with consent, sealed. It
// is in no list, tile, search, export or log; who is linked to the household opens
// it one at a time, says what for, and is recorded.
//
// Linked are, by the posts they have the duty of now: whoever has a post at the
// very unit that holds the household; the workers of units around it, up to the
// grid, for they walk there; and the leaders, up to the village, who supervise
// them. Above a village nobody needs the phone of a home, and no post for the
// whole installation reaches one. The rule is contact_reaches of migration 0014,
// which row-level security asks too.

// Contact is what may be known of a household's contact without opening it.
type Contact struct {
	Consent       *privacy.Consent `json:"consent" doc:"null: no contact is kept"`
	VisitsRefused bool             `json:"visits_refused" doc:"the household wants no visits"`
	Linked        bool             `json:"linked" doc:"you may look at the contact and change it"`
}

// Details is a contact, opened. It never prints.
type Details struct {
	Name  string `json:"name"`
	Phone string `json:"phone"`
}

// Format implements fmt.Formatter.
func (Details) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[sealed]")) }

// NewContact is a contact as it is given, with the consent to keep it.
type NewContact struct {
	Name   string `json:"name" minLength:"1" maxLength:"60" doc:"how to address them"`
	Phone  string `json:"phone" minLength:"5" maxLength:"30"`
	Notice int    `json:"notice_version" doc:"the version of the notice household-contact that was shown"`
	How    string `json:"how" enum:"in-person,paper,phone" doc:"how consent was given"`
}

// Format implements fmt.Formatter.
func (NewContact) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[sealed]")) }

// Look is what a contact is opened for.
type Look string

// The purposes of a look.
const (
	ForVisit     Look = "visit"
	ForEmergency Look = "emergency"
	ForService   Look = "service"
	ForCheck     Look = "check" // that it is right
)

// Faults of contacts.
var (
	ErrNotLinked   = fault.New(fault.Forbidden, "contact_not_linked", "Only the worker linked to this household and the supervisor may do this.")
	ErrNoContact   = fault.New(fault.NotFound, "contact_none", "This household has left no contact.")
	ErrContact     = fault.New(fault.Invalid, "contact_invalid", "A contact has a name of at most 60 letters and a phone number. Identity numbers are not kept.")
	ErrLook        = fault.New(fault.Invalid, "contact_look", "Say what for: visit, emergency, service or check.")
	ErrRefusedHere = fault.New(fault.Conflict, "visits_refused", "The household wants no visits. Its contact may be opened for an emergency, a service or a check.")
)

var phone = regexp.MustCompile(`^\+?[0-9][0-9 ()-]{3,27}[0-9]$`)

func contactOf(id int64) vault.Subject {
	return vault.Subject{Kind: "household", ID: strconv.FormatInt(id, 10)}
}

// ContactOf returns what may be known without opening it, to who may see the
// household.
func ContactOf(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (c Contact, err error) {
	if _, err := Get(ctx, db, actor, id); err != nil {
		return Contact{}, err
	}
	c.Consent, err = privacy.Consented(ctx, db, privacy.Whose{Kind: "household", ID: id}, privacy.HouseholdContact)
	if err != nil {
		return Contact{}, err
	}
	if c.VisitsRefused, err = privacy.VisitsRefused(ctx, db, id); err != nil {
		return Contact{}, err
	}
	switch err := linked(ctx, db, actor, id); {
	case err == nil:
		c.Linked = true
	case !errors.Is(err, ErrNotLinked) && !errors.Is(err, staff.ErrForbidden):
		return Contact{}, err
	}
	return c, nil
}

// linked returns nil if the actor is linked to the household by a post, else
// ErrNotLinked; ErrUnknown if they may not even see it.
func linked(ctx context.Context, db pg.DB, actor staff.Actor, id int64) error {
	if _, err := Get(ctx, db, actor, id); err != nil {
		return err
	}
	if err := actor.Must(staff.Contact); err != nil {
		return err
	}
	units, kinds := []int64{}, []string{}
	for _, g := range actor.Grants {
		if slices.Contains(g.May, staff.Contact) {
			units, kinds = append(units, g.Unit), append(kinds, string(g.Kind))
		}
	}
	var reaches bool
	if err := db.QueryRow(ctx, `SELECT contact_reaches($1, $2, $3)`, id, units, kinds).Scan(&reaches); err != nil {
		return err
	}
	if !reaches {
		return ErrNotLinked
	}
	return nil
}

// SetContact keeps a contact, or replaces the one there is, with the consent to it.
func SetContact(ctx context.Context, db pg.DB, ring *vault.Ring, actor staff.Actor, id int64, n NewContact) (Contact, error) {
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		name, number := ledger.Clean(n.Name), ledger.Clean(n.Phone)
		if _, personal := sheet.LooksPersonal(name); personal || name == "" || len([]rune(name)) > 60 || !phone.MatchString(number) {
			return ErrContact
		}
		if err := linked(ctx, tx, actor, id); err != nil {
			return err
		}
		whose := privacy.Whose{Kind: "household", ID: id}
		if err := privacy.Agree(ctx, tx, actor, whose, privacy.HouseholdContact, n.Notice, n.How); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, actor, "set-contact", "household", strconv.FormatInt(id, 10), nil); err != nil {
			return err
		}
		return vault.Seal(ctx, tx, ring, contactOf(id), map[string]string{"name": name, "phone": number})
	})
	if err != nil {
		return Contact{}, fmt.Errorf("contact of household %d: %w", id, err)
	}
	return ContactOf(ctx, db, actor, id)
}

// ForgetContact withdraws the consent and destroys the contact at once.
func ForgetContact(ctx context.Context, db pg.DB, ring *vault.Ring, actor staff.Actor, id int64) error {
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := linked(ctx, tx, actor, id); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, actor, "forget-contact", "household", strconv.FormatInt(id, 10), nil); err != nil {
			return err
		}
		had, err := privacy.Forget(ctx, tx, ring, actor, id, "consent withdrawn")
		if err == nil && !had {
			return ErrNoContact
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("contact of household %d: %w", id, err)
	}
	return nil
}

// LookAtContact opens the contact of a household. The look is recorded, with what
// it was for, in the same transaction.
func LookAtContact(ctx context.Context, db pg.DB, ring *vault.Ring, actor staff.Actor, id int64, why Look) (d Details, err error) {
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if !slices.Contains([]Look{ForVisit, ForEmergency, ForService, ForCheck}, why) {
			return ErrLook
		}
		if err := linked(ctx, tx, actor, id); err != nil {
			return err
		}
		if why == ForVisit {
			refused, err := privacy.VisitsRefused(ctx, tx, id)
			if err != nil {
				return err
			}
			if refused {
				return ErrRefusedHere
			}
		}
		consent, err := privacy.Consented(ctx, tx, privacy.Whose{Kind: "household", ID: id}, privacy.HouseholdContact)
		if err != nil {
			return err
		}
		fields, err := vault.Open(ctx, tx, ring, contactOf(id))
		if err != nil {
			return err
		}
		if consent == nil || len(fields) == 0 {
			return ErrNoContact
		}
		d = Details{Name: fields["name"], Phone: fields["phone"]}
		return audit.Write(ctx, tx, actor, "look-at-contact", "household", strconv.FormatInt(id, 10), map[string]any{"purpose": why})
	})
	if err != nil {
		return Details{}, fmt.Errorf("contact of household %d: %w", id, err)
	}
	return d, nil
}

// SetVisits says whether a household wants visits; who may record in its unit
// may say so.
func SetVisits(ctx context.Context, db pg.DB, actor staff.Actor, id int64, refused bool) (Contact, error) {
	if err := actor.Must(staff.Record); err != nil {
		return Contact{}, err
	}
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		h, err := Get(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if h.ClosedOn != nil {
			return ErrClosed
		}
		if err := mayRecord(ctx, tx, actor, id); err != nil {
			return err
		}
		if refused {
			return privacy.RefuseVisits(ctx, tx, actor, id)
		}
		return privacy.WelcomeVisits(ctx, tx, actor, id)
	})
	if err != nil {
		return Contact{}, fmt.Errorf("visits of household %d: %w", id, err)
	}
	return ContactOf(ctx, db, actor, id)
}

// mayRecord returns staff.ErrForbidden unless the actor may record where the
// household is.
func mayRecord(ctx context.Context, tx pgx.Tx, actor staff.Actor, id int64) error {
	area := actor.Area(staff.Record)
	var inside bool
	err := tx.QueryRow(ctx, `
		SELECT in_area(coalesce(o.unit_id, h.area_id), $2, $3)
		FROM household h LEFT JOIN household_unit o ON o.household_id = h.id AND o.valid_to IS NULL
		WHERE h.id = $1`, id, area.All, area.Roots).Scan(&inside)
	if err == nil && !inside {
		return staff.ErrForbidden
	}
	return err
}

// File is everything that is held about a household, for its people (article 45).
type File struct {
	MadeAt        time.Time         `json:"made_at"`
	ID            int64             `json:"id"`
	Source        string            `json:"source" doc:"who brought it in"`
	SourceID      string            `json:"source_id"`
	Dwelling      Dwelling          `json:"dwelling"`
	Point         *[2]float64       `json:"point" doc:"[lon, lat], WGS 84"`
	Cell          string            `json:"cell" doc:"H3, resolution 11"`
	PlacedBy      PlacedBy          `json:"placed_by" enum:"file,address match,hand"`
	Unit          string            `json:"unit" doc:"code of the unit responsible today"`
	UpdatedAt     time.Time         `json:"updated_at"`
	Contact       *Details          `json:"contact"`
	VisitsRefused bool              `json:"visits_refused"`
	Consents      []privacy.Consent `json:"consents"`
	Requests      []FiledRequest    `json:"requests"`
	Looks         []FiledLook       `json:"looks_at_contact" doc:"when the contact was opened and what for"`
}

// FiledRequest is a request about the household.
type FiledRequest struct {
	Kind       privacy.RequestKind `json:"kind"`
	ReceivedOn string              `json:"received_on" format:"date"`
	State      privacy.State       `json:"state"`
	Reason     string              `json:"reason"`
}

// FiledLook is one recorded look at the contact.
type FiledLook struct {
	At      time.Time `json:"at"`
	Purpose string    `json:"purpose"`
}

// CopyFile hands out the file that a granted request asks for, once. Who takes it
// is linked to the household and gives it to its people; the privacy officer, who
// granted it, does not see it. Looks are read with an account that may read the
// audit (looks): the engine's.
func CopyFile(ctx context.Context, db, looks pg.DB, ring *vault.Ring, actor staff.Actor, request int64) (f File, err error) {
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		id, err := privacy.TakeCopy(ctx, tx, actor, request)
		if err != nil {
			return err
		}
		if err := linked(ctx, tx, actor, id); err != nil {
			return err
		}
		f, err = fileOf(ctx, tx, looks, ring, actor, id)
		return err
	})
	if errors.Is(err, ErrUnknown) {
		err = privacy.ErrRequestUnknown // whoever may not see the household learns nothing of it
	}
	if err != nil {
		return File{}, fmt.Errorf("copy for request %d: %w", request, err)
	}
	return f, nil
}

func fileOf(ctx context.Context, tx pgx.Tx, looks pg.DB, ring *vault.Ring, actor staff.Actor, id int64) (File, error) {
	h, err := Get(ctx, tx, actor, id)
	if err != nil {
		return File{}, err
	}
	f := File{MadeAt: time.Now().UTC(), ID: h.ID, Source: h.Source, SourceID: h.SourceID, Dwelling: h.Dwelling,
		PlacedBy: h.PlacedBy, Unit: h.Unit, UpdatedAt: h.UpdatedAt}
	if h.Point != nil {
		at := [2]float64(h.Point.Degrees())
		f.Point = &at
	}
	if h.Cell != nil {
		f.Cell = h.Cell.String()
	}
	fields, err := vault.Open(ctx, tx, ring, contactOf(id))
	if err != nil {
		return File{}, err
	}
	if len(fields) > 0 {
		f.Contact = &Details{Name: fields["name"], Phone: fields["phone"]}
	}
	if f.VisitsRefused, err = privacy.VisitsRefused(ctx, tx, id); err != nil {
		return File{}, err
	}
	if f.Consents, err = privacy.Consents(ctx, tx, privacy.Whose{Kind: "household", ID: id}); err != nil {
		return File{}, err
	}
	rows, _ := tx.Query(ctx, `SELECT kind, received_on::text, state, reason FROM request WHERE household_id = $1 ORDER BY id`, id)
	if f.Requests, err = pgx.CollectRows(rows, pgx.RowToStructByPos[FiledRequest]); err != nil {
		return File{}, err
	}
	rows, _ = looks.Query(ctx, `
		SELECT at, coalesce(detail->>'purpose', '') FROM audit
		WHERE subject = 'household' AND subject_id = $1 AND action = 'look-at-contact'
		ORDER BY at`, strconv.FormatInt(id, 10))
	f.Looks, err = pgx.CollectRows(rows, pgx.RowToStructByPos[FiledLook])
	return f, err
}
