package problem

import "slices"

// Level is how much an operation needs a permission.
type Level int

// The levels.
const (
	NotNeeded Level = iota
	Better          // it goes on without, and does worse
	Required
)

// Need is a permission that the objects of a chart take.
type Need struct {
	Permission
	// Names are the objects that it is about; none: whatever they are called.
	Names []string
	Now   Level // of the operation that was asked about
	Later Level // of all that follow, until the release is gone; it is never less than Now
	// HandsOn says that a Role or a binding of the chart gives it to somebody: nobody may
	// give what they do not have.
	HandsOn bool
	// Guessed says that nobody but the chart has told what its kind is served as. Whatever that is in
	// truth, it may be of another scope.
	Guessed bool
	// Unless is another permission, with which this one is not needed; nil: there is none.
	Unless *Permission
	// Trial is an object, as JSON, of which the API server can be asked what would come of making it,
	// where the permission is denied and may not be needed; "": there is none.
	Trial string
}

// Needs is what an operation takes, each once.
type Needs struct {
	All   []Need
	Notes []string // what could not be told
}

// At returns what is needed now or, with life, until the release is gone. Each is optional or not
// as its level then says.
func (n Needs) At(life bool) []Need {
	var asked []Need
	for _, one := range n.All {
		level := one.Now
		if life {
			level = one.Later
		}
		if level != NotNeeded {
			one.Optional = level == Better
			asked = append(asked, one)
		}
	}
	return asked
}

// With returns these needs and others', each once. Notes are not repeated.
func (n Needs) With(other Needs) Needs {
	sum := Needs{All: slices.Clone(n.All), Notes: slices.Clone(n.Notes)}
	for _, one := range other.All {
		sum.Add(one)
	}
	for _, note := range other.Notes {
		sum.Note(note)
	}
	return sum
}

// Add adds a need. Of one that is there, the names are joined, and the stronger level and its
// reason count.
func (n *Needs) Add(one Need) {
	at := slices.IndexFunc(n.All, one.sameAs)
	if at < 0 {
		one.Names = slices.Clone(one.Names)
		n.All = append(n.All, one)
		return
	}
	known := &n.All[at]
	if one.Now > known.Now || one.Now == known.Now && one.Later > known.Later {
		known.Why = one.Why
	}
	known.Now, known.Later = max(known.Now, one.Now), max(known.Later, one.Later)
	known.Guessed = known.Guessed && one.Guessed
	switch {
	case len(known.Names) == 0:
	case len(one.Names) == 0:
		known.Names = nil
	default:
		for _, name := range one.Names {
			if !slices.Contains(known.Names, name) {
				known.Names = append(known.Names, name)
			}
		}
	}
}

// Note adds a note once.
func (n *Needs) Note(note string) {
	if !slices.Contains(n.Notes, note) {
		n.Notes = append(n.Notes, note)
	}
}

// ByHand returns whether a need is left to a person; see MissingPermission.
func (n Need) ByHand(namespace string) bool {
	return MissingPermission{Permission: n.Permission, HandedOn: n.HandsOn, Guessed: n.Guessed}.ByHand(namespace)
}

// sameAs returns whether another need is one for the same, whatever it is for and however much it
// counts. What is handed on counts by itself: it may be done without in another way.
func (n Need) sameAs(other Need) bool {
	same := func(a, b *Permission) bool { return a == b || a != nil && b != nil && a.SameAs(*b) }
	return n.SameAs(other.Permission) && n.HandsOn == other.HandsOn && same(n.Unless, other.Unless) &&
		(!n.HandsOn || slices.Equal(n.Names, other.Names))
}

// Granted returns the permissions that a role has to have for a need: one for each of its names where
// what is handed on names objects. What the chart's own objects are called differs from branch to
// branch, and a role is for all of them.
func (n Need) Granted() []Permission {
	if !n.HandsOn || len(n.Names) == 0 {
		return []Permission{n.Permission}
	}
	all := make([]Permission, len(n.Names))
	for i, name := range n.Names {
		all[i] = n.Permission
		all[i].Name = name
	}
	return all
}
