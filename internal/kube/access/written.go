package access

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/text"
)

// document writes one. Marshalling these types does not fail; if it did, a comment
// would say so in the document's place.
func (g *grant) document(o any) {
	document, err := yaml.Marshal(o)
	if err == nil && beginsCommand.Match(document) {
		document, err = json.Marshal(o) // which is YAML, too, and one line
		document = append(document, '\n')
	}
	if err != nil {
		g.comment(fmt.Sprintf("cannot be written as YAML: %q", err))
		return
	}
	g.out.WriteString("---\n")
	g.out.Write(document)
}

// beginsCommand matches a line that a runner takes a command from. A long text with blanks, such as the name of
// a user, is folded at one of them, so that what follows it begins a line.
var beginsCommand = regexp.MustCompile(`(?m)^[ \t]*(?:::|##)`)

// comment writes a line that cannot end within what it quotes.
func (g *grant) comment(line string) { fmt.Fprintf(&g.out, "# %s\n", text.OneLine(line)) }

func kind(k string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: k}
}

// roleName returns a name that differs from user to user, so that what is applied
// for one does not replace what another was granted; nor does what is enough to read
// replace what the same user was granted to deploy.
func roleName(user string, needs []problem.Permission) string {
	sum := sha256.Sum256([]byte(user))
	role := "reader"
	if slices.ContainsFunc(needs, func(p problem.Permission) bool { return !p.Reads() }) {
		role = "deployer"
	}
	return "berth-" + role + "-" + hex.EncodeToString(sum[:4])
}

// nameFor returns the name of the role for what is needed where a branch is deployed: that of the user alone for the
// whole of it, which replaces what was applied before, and one of its own for a part.
func (g *grant) nameFor(needs []problem.Permission) string {
	if g.part {
		return ownName(g.name, needs)
	}
	return g.name
}

// ownName returns a name that tells what a role grants, in whatever order: the same has the same name, and anything
// else another one, so that no such role replaces another. A chart chooses what is needed, so that the name is long.
func ownName(role string, needs []problem.Permission) string {
	all := make([]string, len(needs))
	for i, p := range needs {
		all[i] = strings.Join([]string{p.Verb, p.Group, p.Resource, p.Name}, " ")
	}
	slices.Sort(all)
	sum := sha256.Sum256([]byte(strings.Join(slices.Compact(all), "\n")))
	return role + "-" + hex.EncodeToString(sum[:8])
}
