package result

// Level says how loud a note is.
type Level string

// The levels, as the platforms have them.
const (
	LevelError   Level = "error"
	LevelWarning Level = "warning"
	LevelNotice  Level = "notice"
)

// Note becomes an annotation.
type Note struct {
	Level   Level
	Title   string
	Message string
}
