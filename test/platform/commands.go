package platform

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
)

const (
	hubRights    = "/api/v3/repos/acme/shop/collaborators/"
	hubPull      = "/api/v3/repos/acme/shop/pulls/7"
	hubReactions = "/api/v3/repos/acme/shop/issues/comments/99/reactions"
)

// Right is what GitHub answers to the question for an account's right to the repository.
type Right struct {
	Permission string // admin, write, read or none
	Of         User   // whom the answer is about
}

// Reactions are those to comment 99, in their order.
func (f *Fake) Reactions() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.reactions)
}

// Forget forgets the reactions.
func (f *Fake) Forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reactions = nil
}

// commands answers what a command in a comment asks for.
func (f *Fake) commands(w http.ResponseWriter, r *http.Request) {
	switch login, ok := strings.CutPrefix(r.URL.Path, hubRights); {
	case ok:
		right, known := f.Rights[strings.TrimSuffix(login, "/permission")]
		if !known || !strings.HasSuffix(login, "/permission") {
			answer(w, http.StatusNotFound, map[string]string{"message": login + " is not a user"})
			return
		}
		answer(w, http.StatusOK, map[string]any{"permission": right.Permission, "role_name": right.Permission, "user": f.userJSON(right.Of)})
	case r.URL.Path == hubPull:
		_, _ = io.WriteString(w, f.Pull)
	default:
		var sent struct{ Content string }
		if json.NewDecoder(r.Body).Decode(&sent) != nil || r.Method != http.MethodPost ||
			!slices.Contains([]string{"+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"}, sent.Content) {
			answer(w, http.StatusUnprocessableEntity, map[string]string{"message": "Validation Failed"})
			return
		}
		f.reactions = append(f.reactions, sent.Content)
		answer(w, http.StatusCreated, map[string]any{"id": len(f.reactions), "content": sent.Content})
	}
}
