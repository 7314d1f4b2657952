//go:build ci

package ci

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/berth-dev/berth/test/platform"
)

// newHub gives a case GitHub's API, on loopback, on which ada may write to the repository.
func (g *github) newHub() {
	g.t.Helper()
	g.hub = platform.New(g.t, false)
	g.hub.Rights = map[string]platform.Right{
		platform.Person.Login: {Permission: "write", Of: platform.Person}, platform.Attacker.Login: {Permission: "read", Of: platform.Attacker},
	}
	g.secrets["GITHUB_TOKEN"] = platform.Token
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: g.hub.Server.Certificate().Raw})
	write(g.t, g.home, map[string]string{filepath.Base(g.authority()): string(block)})
	// The emulator serves a checkout of the event's own ref, and would fetch the action for
	// another one.
	write(g.t, g.home, map[string]string{"checkout/action.yml": `name: Stands for actions/checkout
inputs: {ref: {required: true}, persist-credentials: {required: false}}
runs:
  using: composite
  steps:
    - shell: sh
      env: {REF: "${{ inputs.ref }}"}
      run: |
        git init --quiet
        git fetch --quiet "file://` + g.repo + `" "$REF"
        git checkout --quiet --detach FETCH_HEAD
`})
}

// authority is the certificate of the API.
func (g *github) authority() string { return filepath.Join(g.home, "ca.pem") }

// checkout has the emulator take the stand-in for the version of actions/checkout that the
// workflow names.
func (g *github) checkout() string {
	g.t.Helper()
	found := regexp.MustCompile(`uses: (actions/checkout@v[0-9]+)`).FindStringSubmatch(g.c.workflow(g.t))
	if found == nil {
		g.t.Fatal("the workflow checks nothing out")
	}
	return found[1] + "=" + filepath.Join(g.home, "checkout")
}

// tell has the API answer about the pull request as the event finds it.
func (g *github) tell(e event) {
	g.t.Helper()
	repository := map[string]any{"full_name": "acme/shop"}
	pull, err := json.Marshal(map[string]any{"number": 7, "state": "open", "draft": false, "labels": []any{},
		"user": map[string]any{"login": "alice", "id": 5, "type": "User"}, "author_association": "MEMBER",
		"head": map[string]any{"ref": g.c.branch(), "sha": g.shas[e.commit], "label": "acme:" + g.c.branch(), "repo": repository},
	})
	if err != nil {
		g.t.Fatal(err)
	}
	g.hub.Pull, g.hub.Pulls = string(pull), "["+string(pull)+"]"
	g.hub.Forget()
}

// judgeHub looks at what the pull request was told.
func (g *github) judgeHub(want want) (wrong []string) {
	bodies := g.hub.Bodies()
	if said := strings.Join(bodies, "\n---\n"); want.comment != "" && (len(bodies) != 1 || !strings.Contains(said, want.comment)) {
		wrong = append(wrong, fmt.Sprintf("there are %d comments, want one that says %s:\n%s", len(bodies), want.comment, said))
	}
	if got := g.hub.Reactions(); !slices.Equal(got, want.answers) {
		wrong = append(wrong, fmt.Sprintf("the command is answered by %q, want %q", got, want.answers))
	}
	return wrong
}
