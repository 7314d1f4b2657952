package facts

// Source is a Secret of another namespace that is to be copied, without what it holds.
type Source struct {
	Namespace, Name string
	Exists          bool
	Type            string // of the Secret
}

// String is namespace/name.
func (s Source) String() string { return s.Namespace + "/" + s.Name }

// Companion is an object that Berth makes beside a release, in the release's namespace: the
// copy of a Secret of another one, or a quota. It is what stands under the name.
type Companion struct {
	Ref
	Source       string // that is wanted: the Secret's namespace/name; empty: a document of the input quota
	UID, Version string // as it was read; empty: it is not there

	Ours     bool     // Berth made it, by its marks
	Made     string   // the source of which it says that it was made
	Releases []string // that it is there for
	Same     bool     // it holds what is wanted, and says of which version of the source
	Remake   bool     // it cannot be written over: its type is another one, or it is immutable
	Deleting bool
	KeepWhy  string // why it is not to be deleted; empty: nothing says so
}

// Exists returns whether something has the name.
func (c Companion) Exists() bool { return c.UID != "" }

// CompanionScope is which companions are looked at.
type CompanionScope struct {
	Copies bool // which copies there are beside those that are wanted
	Quota  bool // whether the documents of the input quota are wanted
	Quotas bool // which quotas there are beside those that are wanted
	Fresh  bool // the namespace was just made: there is nothing in it
}
