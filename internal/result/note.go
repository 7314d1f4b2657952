package result

// Level is the severity of a note.
type Level string

// The levels that GitHub and GitLab have.
const (
	LevelError   Level = "error"
	LevelWarning Level = "warning"
	LevelNotice  Level = "notice"
)

// KeptOnPurpose is the title of the note that names what a release left behind since somebody
// wants it kept.
const KeptOnPurpose = "Kept on purpose"

// The titles of the notes that say what a run went without, since it was not permitted.
const (
	NoLock      = "No lock"
	NotLookedAt = "Not looked at" // what may have been somebody's
	LockStays   = "Lock not removed"
)

// Note becomes an annotation.
type Note struct {
	Level   Level
	Title   string
	Message string
	File    string // that is to be corrected, from the workspace on; "": none
	Line    int    // in it; 0: it is not known
}
