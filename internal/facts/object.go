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
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
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
	UID      string    `json:"uid,omitempty"`
	Created  time.Time `json:"created,omitzero"`
	Touched  time.Time `json:"touched,omitzero"` // newest write to it, status aside
	Exists   bool      `json:"exists"`
	Owned    bool      `json:"owned"`           // carries this release's ownership
	Owner    string    `json:"owner,omitempty"` // namespace/release it names
	Deleting bool      `json:"deleting,omitempty"`
	Kept     bool      `json:"kept,omitempty"` // helm.sh/resource-policy: keep
	Ready    bool      `json:"ready"`
	Failed   bool      `json:"failed,omitempty"`   // it cannot become ready by waiting
	Complete bool      `json:"complete,omitempty"` // a Job or Pod that ran to its end
	Reason   string    `json:"reason,omitempty"`   // why it is not ready; untrusted text
	Drift    string    `json:"drift,omitempty"`    // how it differs from the manifest
	Error    string    `json:"error,omitempty"`    // why it could not be read
}
