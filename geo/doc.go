// Package geo holds what every other package of this tree stands on: the
// coordinate lattice, the Earth's radius and the few measures derived from it.
//
// It is also the map of this folder. Half of the packages below are pure: they
// know no database, no network and no clock.
//
//	fault       kinds and codes of errors a caller may see
//	group       numbers in groups that only grow together
//	crs         declared coordinate systems → WGS 84, and the guard that refuses a wrong claim
//	topology    do these areas tile their parent? what is wrong, where, and how to mend it
//	cell        H3, the key for grouping, aggregates and privacy; it never decides on a border
//	rule        local rules: facts of a unit, and which rules it breaks
//	locate      which unit is responsible for this point
//	etag        whether a client has already what it asks for
//	redact      phone and identity numbers in text, found and taken out
//	vectorfile  boundaries and points from GeoJSON, KML, Shapefile, GeoPackage
//	sheet       ledgers from CSV and XLSX, in UTF-8 or GB18030
//	siting      which few sites serve the homes best, and how good any choice can be at most
//	atom        land cut into blocks, compounds and buildings' land, with what runs between them
//	propose     units out of atoms: balanced, in one piece, along real lines, or a proof that none fit
//	suppress    which counts may be seen by who may not see single places
//	hours       when something is open, and on which days there is a session
//	coverage    measures of who is reached: shares, percentiles, catchments, loads
//	hotspot     where values lie higher or lower together than chance would put them
//	walk        the walking network: who may pass where, and how far everything is
//	picture     photos read and written: upright, without what the camera wrote, faces and plates covered
//	worktime    deadlines in minutes, working hours and working days, with holidays, pauses and extensions
//	track       fixes of a walk: what is believed, along which streets it ran, what it saw
//	beat        a walk along the streets that are worth most to be seen now
//	atlas       map sheets as PNG and PDF
//	town        the generated demo town
//
// The other half keeps things in PostGIS; each may import the pure packages and
// the stored ones above it.
//
//	pg            pool, acting for an account, geometry codec, constraint names → faults
//	staff         who acts, with which permissions, in which area
//	audit         who did and who saw what, as a chain that can be verified
//	breakglass    access beyond one's posts for a reason and a few hours
//	job           long work: progress, cancel, retry
//	vault         the few personal fields, encrypted under keys from outside the database
//	privacy       purposes, notices, consents, requests of residents, retention
//	grid          levels, presets, units and their boundaries in force on any date
//	post          posts, their holders A and B, absences, who has a duty, staffing templates
//	account       sign-in: passwords, sessions, tokens, two steps, links; provider speaks OpenID Connect
//	setting       what an operator decides for the whole installation
//	layer         versions of the layers of the map
//	network       streets, buildings, water, green and places from OpenStreetMap
//	ledger        what households, incidents and service points have in common: import, placing, assignment
//	publication   the counts that are published, small ones hidden
//	serves        who serves a place, as anybody may ask
//	household     the household ledger, and the one contact a household may leave
//	servicepoint  service points with a dated life cycle
//	incident      incidents
//	photo         photos of incidents: in pieces from phones, who may see them, released with faces covered
//	webhook       a town's message gateway is told of duties, at least once
//	premises      three-colour premises, blocks with a freshness contract, checkpoints and beats
//	visit         which visits are due by which cadence, and that they were made; nothing about persons
//	calendar      holidays, and weekends worked for them
//	plan          drafts, faults, repairs and the one way to publish
//	borderwalk    points on the borders of a draft to look at in the field, and what was found there
//	deliberation  what people say about a plan: stages, comments on places, consultations of residents
//	ruleset       sets of local rules, waivers, and what lies on the ground of a draft
//	demand        imported counts of people: sets of cells, buildings or points
//	circle        who reaches which service on foot, by a standard, on a date
//	candidate     sites where a service point could stand, and searches among them
//	proposal      divisions that a job works out, which somebody may adopt as a draft
//	compare       two divisions of the same land: what changes hands, and what it means
//	dossier       a plan as files of other programs, and the signed dossier of one that was adopted
//	reach         what lies within so many minutes of a place, and the way between two
//	upload        takes in files and hands them to their subject
//	export        gives everything out in open formats
//
// Everything is stored as EPSG:4326, longitude before latitude, on a lattice of
// 1e-7 degrees (about 1 cm), so that equality means equality.
package geo
