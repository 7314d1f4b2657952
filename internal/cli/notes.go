package cli

import (
	"slices"
	"sync"

	"github.com/berth-dev/berth/internal/result"
)

// notes collects the notes that arise outside of the verb's flow. The API server's
// warnings arrive on any goroutine.
type notes struct {
	mu  sync.Mutex
	all []result.Note
}

func (n *notes) add(note result.Note) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, note)
}

// warn adds a warning that the API server sent.
func (n *notes) warn(text string) {
	n.add(result.Note{Level: result.LevelWarning, Title: "Warning from the API server", Message: text})
}

// note adds a warning of the run's own.
func (n *notes) note(title, message string) {
	n.add(result.Note{Level: result.LevelWarning, Title: title, Message: message})
}

func (n *notes) list() []result.Note {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.all)
}
