package facts

import "time"

// Awaited is an object that is waited for, as it was last seen.
type Awaited struct {
	Ref
	Ready     int    // of its pods or completions
	Wanted    int    // how many of these there are to be; 0 where its kind counts none
	Satisfied bool   // it is as it was waited for
	Failed    bool   // it will not be
	Reason    string // what it waits for; may hold untrusted text
}

// Ref names an object of the cluster.
type Ref struct {
	APIVersion string
	Kind       string
	Namespace  string
	Name       string
}

// String is kind/name, with the namespace in front where there is one.
func (r Ref) String() string {
	if r.Namespace == "" {
		return r.Kind + "/" + r.Name
	}
	return r.Namespace + "/" + r.Kind + "/" + r.Name
}

// Object is one object of a release as the cluster shows it.
type Object struct {
	Ref
	UID      string
	Created  time.Time
	Touched  time.Time // newest write to it, status aside
	Exists   bool
	Owned    bool   // carries this release's ownership
	Owner    string // namespace/release it names
	Deleting bool
	Kept     bool // helm.sh/resource-policy: keep
	Ready    bool
	Failed   bool   // it cannot become ready by waiting
	Complete bool   // a Job or Pod that ran to its end
	Reason   string // why it is not ready; untrusted text
	Drift    string // how it differs from the manifest
	Error    string // why it could not be read
}
