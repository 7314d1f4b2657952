package facts

// Action is what a deploy does to an object.
type Action string

// The actions of a deploy.
const (
	ActionCreate  Action = "create"
	ActionChange  Action = "change"
	ActionDelete  Action = "delete"
	ActionLeave   Action = "leave"   // the chart has it no more, and it stays
	ActionRun     Action = "run"     // a hook
	ActionUnknown Action = "unknown" // it cannot be told, and Why says why
	ActionRefused Action = "refused" // the API server would not take it, and Why says why
)

// Actions are all actions, in the order in which they are told.
var Actions = []Action{ActionRefused, ActionDelete, ActionChange, ActionCreate, ActionRun, ActionLeave, ActionUnknown}

// Change is what a deploy does to an object that it does not leave as it is.
type Change struct {
	Ref
	Action Action
	Fields []FieldChange // of a change, by path
	// Restarts says that the object's pods are made anew by it.
	Restarts bool
	Foreign  bool   // it is refused since it is somebody else's
	Why      string // untrusted text
}

// FieldChange is a field of a live object before and after. Both are cut, for people. They are untrusted
// text; "" means that it is not there, and NotShown that it is secret.
type FieldChange struct {
	Path          string // as of a Difference
	Before, After string
}
